import { type MapDefinition, mapDefinitions, type ObjectFile } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import { mapMeta } from '../meta-decoder.ts';
import type { TerseMap } from '../skeleton.ts';

/** The maps of a package whose exports say which type they are of. */
export interface ResolvedExports {
  readonly maps: readonly TerseMap[];
  /** Whether the source says of its maps which are shown, however many these are. */
  readonly several: boolean;
}

/**
 * Completes `@export_config default` above a buffer, which can't be told a sample's type by itself, to the id of
 * what its `__type(value, …)` says. The values of a sampled map are of the map's own type.
 *
 * @throws BUILD_FAILED for a buffer that doesn't say
 */
export function resolveExports(
  maps: readonly TerseMap[],
  object: ObjectFile,
  source: string,
): ResolvedExports {
  const definitions = new Map(mapDefinitions(object).map((each) => [each.name, each]));
  const resolved = maps.map((map) => {
    const { export_config: config, sample } = mapMeta(map, map.name);
    if (config !== 'default' || sample !== undefined) return { map, isShown: config !== 'no_export' };
    const btf_type_id = valueType(map.name, definitions.get(map.name), source);
    return { map: { ...map, export_config: { btf_type_id } }, isShown: true };
  });
  return { maps: resolved.map(({ map }) => map), several: resolved.some(({ isShown }) => isShown) };
}

function valueType(map: string, definition: MapDefinition | undefined, source: string): number {
  if (definition?.valueType !== undefined) return definition.valueType;
  throw new EcliError(
    'BUILD_FAILED',
    `${printable(source)}: map ${printable(map)} is to be exported, and nothing says of which type its events are`,
    { hint: 'add to the map: __type(value, struct NAME);' },
  );
}
