import { EcliError, printable } from '@ecli/core';
import type { Btf } from './btf.ts';
import { mapTypeName } from './map-types.ts';
import type { ObjectFile } from './object-file.ts';
import { objectInvalid } from './object-invalid.ts';
import type { CompositeType } from './types.ts';

/** A map as the source defines it with `SEC(".maps")`. What the source leaves out is 0 or undefined. */
export interface MapDefinition {
  readonly name: string;
  /** As C spells it: `BPF_MAP_TYPE_RINGBUF`. */
  readonly type: string;
  /** Bytes. */
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly flags: number;
  /** LIBBPF_PIN_NONE 0, LIBBPF_PIN_BY_NAME 1. */
  readonly pinning: number;
  /** Ids of the types that `__type(key, …)` and `__type(value, …)` name. */
  readonly keyType?: number;
  readonly valueType?: number;
}

/** libbpf knows eleven, and refuses others. */
const MOST_MEMBERS = 64;

/**
 * Lists the maps that an object defines, data sections not included, in the order of its BTF. The convention
 * is libbpf's (`__uint`, `__type`, `__array` in bpf_helpers.h): a member `int (*NAME)[VALUE]` is a number, a
 * member `TYPE *NAME` a type.
 *
 * @throws FEATURE_UNSUPPORTED for definitions in a `maps` section; OBJECT_INVALID for unsound ones
 */
export function mapDefinitions({ elf, btf }: ObjectFile): MapDefinition[] {
  if (elf.section('maps')) {
    throw new EcliError(
      'FEATURE_UNSUPPORTED',
      'section maps: libbpf 1.0 and later do not read this form of maps',
      {
        hint: 'define maps as struct { __uint(type, …); … } NAME SEC(".maps")',
      },
    );
  }
  const section = btf.find('data_section', '.maps');
  return (section?.variables ?? []).map(({ type: id }) => {
    const variable = btf.type(id);
    if (variable.kind !== 'variable') throw objectInvalid(`section .maps: BTF type ${id} is not a variable`);
    const definition = btf.resolve(variable.type);
    if (definition.kind !== 'struct') throw unsound(variable.name, 'it is not defined by a struct');
    if (definition.members.length > MOST_MEMBERS) {
      throw unsound(variable.name, `${definition.members.length} members define it`);
    }
    return defineMap(variable.name, definition, btf);
  });
}

function defineMap(name: string, definition: CompositeType, btf: Btf): MapDefinition {
  const members = new Map(definition.members.map((member) => [member.name, member.type]));
  const number = (member: string): number => numberOf(btf, name, member, members.get(member));
  const keyType = typeOf(btf, name, 'key', members.get('key'));
  const valueType = typeOf(btf, name, 'value', members.get('value'));
  return {
    name,
    type: mapTypeName(number('type')),
    keySize: keyType === undefined ? number('key_size') : btf.sizeOf(keyType),
    valueSize: valueType === undefined ? number('value_size') || sizeOfInner(members) : btf.sizeOf(valueType),
    maxEntries: number('max_entries'),
    flags: number('map_flags'),
    pinning: number('pinning'),
    ...(keyType !== undefined && { keyType }),
    ...(valueType !== undefined && { valueType }),
  };
}

/** A map of maps or of programs, which `__array(values, …)` makes, holds file descriptors or ids. */
function sizeOfInner(members: ReadonlyMap<string, number>): number {
  return members.has('values') ? 4 : 0;
}

function numberOf(btf: Btf, map: string, member: string, id: number | undefined): number {
  if (id === undefined) return 0;
  const target = pointerTarget(btf, map, member, id);
  const type = btf.resolve(target);
  if (type.kind !== 'array') throw unsound(map, `${member} is not set by __uint`);
  return type.length;
}

function typeOf(btf: Btf, map: string, member: string, id: number | undefined): number | undefined {
  return id === undefined ? undefined : pointerTarget(btf, map, member, id);
}

function pointerTarget(btf: Btf, map: string, member: string, id: number): number {
  const type = btf.resolve(id);
  if (type.kind !== 'pointer') throw unsound(map, `${member} is not a pointer`);
  return type.target;
}

function unsound(map: string, problem: string): Error {
  return objectInvalid(`map ${printable(map)}: ${problem}`, {
    hint: 'define maps as struct { __uint(type, …); … } NAME SEC(".maps")',
  });
}
