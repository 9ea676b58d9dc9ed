import { checkExportType, type MapDefinition, type ObjectFile } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import type { CustomMember, MapMeta, PackageMeta } from '../meta.ts';

/** What samples or values are: a type of the object's BTF, or members that the package lists. */
export type ExportedType =
  | { readonly name: string; readonly id: number }
  | { readonly name: string; readonly members: readonly CustomMember[] };

interface Package {
  readonly program: string;
  readonly meta: PackageMeta;
  readonly file: ObjectFile;
}

/**
 * Finds the type of what a map shows: where several are exported its own `export_config` says, else the package's
 * first export type; what neither knows is the map's own `__type(value, …)`.
 *
 * @throws PACKAGE_INVALID
 */
export function exportedType(
  map: MapMeta,
  definition: MapDefinition | undefined,
  { program, meta, file: { btf } }: Package,
): ExportedType {
  const { export_config: config } = map;
  if (meta.enable_multiple_export_types && typeof config === 'object') {
    if ('custom_members' in config) return { name: map.name, members: config.custom_members };
    return { name: spelling(map.name, config.btf_type_id, btf), id: config.btf_type_id };
  }
  const [claim] = meta.enable_multiple_export_types ? [] : meta.export_types;
  if (claim) return { name: claim.name, id: checkExportType(btf, claim).id };
  if (definition?.valueType !== undefined) {
    return { name: printable(btf.spell(definition.valueType)), id: definition.valueType };
  }
  throw untyped(program, map.name);
}

function spelling(map: string, id: number, btf: ObjectFile['btf']): string {
  if (Number.isInteger(id) && id > 0 && id < btf.length) return printable(btf.spell(id));
  throw new EcliError(
    'PACKAGE_INVALID',
    `map ${printable(map)}: btf_type_id ${id} is not among the ${btf.length} types of the object's BTF`,
    { hint: 'the package and its object do not belong together: build the package again' },
  );
}

function untyped(program: string, map: string): EcliError {
  return new EcliError(
    'PACKAGE_INVALID',
    `${printable(program)}: nothing says of which type the events of map ${printable(map)} are`,
    { hint: 'name the struct: --export STRUCT; or give the map __type(value, struct …) and build again' },
  );
}
