import { printable } from '@ecli/core';
import { KIND_ENUM64, KIND_LAYOUTS } from './btf-kinds.ts';
import type { BtfReader } from './btf-reader.ts';
import { objectInvalid } from './object-invalid.ts';
import type { BtfType, EnumType, IntType, Member } from './types.ts';

/**
 * Decodes the type `id`, which must be between 1 and count - 1. Ids that the type refers to are not followed.
 *
 * @throws OBJECT_INVALID for a name outside the strings, or a size that the kind can't have
 */
export function decodeType(reader: BtfReader, id: number): BtfType {
  const name = reader.name(id);
  const kind = KIND_LAYOUTS[reader.kind(id)]?.kind;
  const word = reader.sizeOrType(id);
  switch (kind) {
    case 'int':
      return decodeInt(reader, id, name);
    case 'float':
      return { kind, id, name, size: checkedSize(id, name, word, [2, 4, 8, 12, 16]) };
    case 'array':
      return { kind, id, name, element: reader.extra(id, 0), length: reader.extra(id, 2) };
    case 'struct':
    case 'union':
      return { kind, id, name, size: word, members: decodeMembers(reader, id) };
    case 'enum':
      return decodeEnum(reader, id, name);
    case 'forward':
      return { kind, id, name, of: reader.kindFlag(id) ? 'union' : 'struct' };
    case 'pointer':
    case 'typedef':
    case 'const':
    case 'volatile':
    case 'restrict':
    case 'type_tag':
      return { kind, id, name, target: word };
    case 'function':
      return { kind, id, name, prototype: word, linkage: reader.vlen(id) };
    case 'function_prototype':
      return { kind, id, name, returns: word, parameters: decodeParameters(reader, id) };
    case 'variable':
      return { kind, id, name, type: word, linkage: reader.extra(id, 0) };
    case 'data_section':
      return { kind, id, name, size: word, variables: decodeVariables(reader, id) };
    case 'declaration_tag':
      return { kind, id, name, target: word, component: reader.extra(id, 0) | 0 };
    default:
      throw objectInvalid(`BTF type ${id}: kind ${reader.kind(id)} is unknown`);
  }
}

/** Bits of an INT's encoding word: BTF_INT_SIGNED, BTF_INT_CHAR, BTF_INT_BOOL. */
const SIGNED = 1 << 24;
const CHAR = 2 << 24;
const BOOL = 4 << 24;

function decodeInt(reader: BtfReader, id: number, name: string): IntType {
  const size = reader.sizeOrType(id);
  const encoding = reader.extra(id, 0);
  const bits = encoding & 0xff;
  const bitOffset = (encoding >>> 16) & 0xff;
  if (size > 16 || bits + bitOffset > size * 8) {
    throw objectInvalid(`BTF type ${id} (${printable(name)}): ${bits} bits at ${bitOffset} of ${size} bytes`);
  }
  return {
    kind: 'int',
    id,
    name,
    size,
    bits,
    bitOffset,
    signed: (encoding & SIGNED) !== 0,
    char: (encoding & CHAR) !== 0,
    bool: (encoding & BOOL) !== 0,
  };
}

/** struct btf_member; with the kind's flag, `offset` holds the width of a bit-field in its upper 8 bits. */
function decodeMembers(reader: BtfReader, id: number): Member[] {
  const withWidths = reader.kindFlag(id);
  return parts(reader, id, 3, (at) => {
    const name = reader.strings.get(reader.extra(id, at));
    const type = reader.extra(id, at + 1);
    const offset = reader.extra(id, at + 2);
    if (withWidths) return { name, type, bitOffset: offset & 0xffffff, bitSize: offset >>> 24 };
    const legacy = reader.legacyBitField(type);
    if (!legacy) return { name, type, bitOffset: offset, bitSize: 0 };
    return { name, type, bitOffset: offset + legacy.bitOffset, bitSize: legacy.bits };
  });
}

function decodeEnum(reader: BtfReader, id: number, name: string): EnumType {
  // clang gives an enum that is declared only no size and no values.
  const sizes = reader.vlen(id) === 0 ? [0, 1, 2, 4, 8] : [1, 2, 4, 8];
  const size = checkedSize(id, name, reader.sizeOrType(id), sizes);
  const signed = reader.kindFlag(id);
  const is64 = reader.kind(id) === KIND_ENUM64;
  const values = parts(reader, id, is64 ? 3 : 2, (at) => {
    const low = reader.extra(id, at + 1);
    const value = is64 ? (BigInt(reader.extra(id, at + 2)) << 32n) | BigInt(low) : BigInt(low);
    return {
      name: reader.strings.get(reader.extra(id, at)),
      value: signed ? BigInt.asIntN(is64 ? 64 : 32, value) : value,
    };
  });
  return { kind: 'enum', id, name, size, signed, values };
}

function decodeParameters(reader: BtfReader, id: number): { name: string; type: number }[] {
  return parts(reader, id, 2, (at) => ({
    name: reader.strings.get(reader.extra(id, at)),
    type: reader.extra(id, at + 1),
  }));
}

function decodeVariables(reader: BtfReader, id: number): { type: number; offset: number; size: number }[] {
  return parts(reader, id, 3, (at) => ({
    type: reader.extra(id, at),
    offset: reader.extra(id, at + 1),
    size: reader.extra(id, at + 2),
  }));
}

function parts<Part>(reader: BtfReader, id: number, words: number, decode: (at: number) => Part): Part[] {
  return Array.from({ length: reader.vlen(id) }, (_, index) => decode(index * words));
}

function checkedSize(id: number, name: string, size: number, sizes: readonly number[]): number {
  if (sizes.includes(size)) return size;
  throw objectInvalid(`BTF type ${id} (${printable(name)}): ${size} bytes is no size for its kind`);
}
