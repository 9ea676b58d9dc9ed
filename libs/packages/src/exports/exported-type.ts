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
 * first export type, else its own `__type(value, …)`. That goes first for a map that the package doesn't export, and
 * for a sampled one whose values the export type, which may be that of its keys, doesn't fit.
 *
 * @throws PACKAGE_INVALID
 */
export function exportedType(
  map: MapMeta,
  definition: MapDefinition | undefined,
  { program, meta, file: { btf } }: Package,
  isExported: boolean,
): ExportedType {
  const { export_config: config } = map;
  if (meta.enable_multiple_export_types && typeof config === 'object') {
    if ('custom_members' in config) return { name: map.name, members: config.custom_members };
    return configured(map.name, config.btf_type_id, btf);
  }
  const [claim] = meta.enable_multiple_export_types ? [] : meta.export_types;
  const own = definition?.valueType;
  const isOwn = !claim || !isExported || (map.sample !== undefined && claim.size !== definition?.valueSize);
  if (own !== undefined && isOwn) return typed(btf, own);
  if (claim) return typed(btf, checkExportType(btf, claim).id);
  throw untyped(program, map.name);
}

function typed(btf: ObjectFile['btf'], id: number): ExportedType {
  return { name: printable(btf.spell(id)), id };
}

function configured(map: string, id: number, btf: ObjectFile['btf']): ExportedType {
  if (Number.isInteger(id) && id > 0 && id < btf.length) return typed(btf, id);
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
