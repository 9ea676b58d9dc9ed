import { type Btf, entryLayout, type Field, type Layout, layoutOfMembers, type Shape } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import type { NamedMap, SampledExport } from './export-plan.ts';

/** Of a map's keys and values, in bytes; `cpus` where an entry has a value for each. */
interface Sizes {
  readonly keySize: number;
  readonly valueSize: number;
  readonly cpus?: number | undefined;
}

/**
 * Lays out an entry of a sampled map: its key, and its value, or those of all CPUs.
 *
 * @throws PACKAGE_INVALID naming the member that can't be shown, and for types that aren't as large as the map's keys
 * and values
 */
export function sampledLayout(plan: SampledExport<NamedMap>, btf: Btf, sizes: Sizes): Layout {
  const layout = plainLayout(plan, btf, sizes);
  const [value] = layout.fields.slice(-1);
  const [key] = layout.fields.slice(0, -1);
  if (key) expectSize(plan, 'keys', key.shape.size, sizes.keySize);
  if (value) expectSize(plan, 'values', elementOf(value.shape).size, sizes.valueSize);
  return layout;
}

function plainLayout({ map, type, keyType }: SampledExport<NamedMap>, btf: Btf, sizes: Sizes): Layout {
  const { cpus, valueSize } = sizes;
  if ('id' in type) return entryLayout(btf, { keyType, valueType: type.id, cpus });
  const members = type.members.map(({ name, offset, btf_type_id: typeId }) => ({ name, offset, typeId }));
  const value = layoutOfMembers(btf, { name: type.name, size: valueSize }, members);
  const height = Math.max(0, ...value.fields.map(({ shape }) => shape.height)) + 1;
  const record: Shape = { kind: 'record', size: valueSize, height, fields: value.fields, isLone: false };
  return withValue(btf, { keyType, cpus, name: map.name }, record);
}

/** Members that a package places have no type of their own, so their value goes beside the key by hand. */
function withValue(
  btf: Btf,
  { keyType, cpus, name }: { keyType: number | undefined; cpus: number | undefined; name: string },
  record: Shape,
): Layout {
  // An entry whose value is as its key: only the key is taken of it.
  const keys =
    keyType === undefined ? [] : entryLayout(btf, { keyType, valueType: keyType }).fields.slice(0, 1);
  const start = align8(keys[0]?.shape.size ?? 0);
  const stride = align8(record.size);
  const shape: Shape =
    cpus === undefined
      ? record
      : {
          kind: 'array',
          size: stride * cpus,
          height: record.height + 1,
          element: record,
          length: cpus,
          stride,
        };
  const value: Field = { name: 'value', shape, bitOffset: start * 8, bitSize: 0 };
  return { spelling: printable(name), size: start + shape.size, fields: [...keys, value], isEntry: true };
}

/** A per-CPU map's values are an array of them. */
function elementOf(shape: Shape): Shape {
  return shape.kind === 'array' ? shape.element : shape;
}

function expectSize(
  { map, type }: SampledExport<NamedMap>,
  what: 'keys' | 'values',
  typeSize: number,
  mapSize: number,
): void {
  if (typeSize === mapSize) return;
  const named = what === 'values' ? `${printable(type.name)}, which is to describe them,` : 'their type';
  throw new EcliError(
    'PACKAGE_INVALID',
    `map ${printable(map.name)}: its ${what} have ${mapSize} bytes, ${named} has ${typeSize}`,
    { hint: 'the export type must be the one in __type(value, …) of the map; build the package again' },
  );
}

function align8(size: number): number {
  return Math.ceil(size / 8) * 8;
}
