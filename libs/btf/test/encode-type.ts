import type { BtfType, EnumType, IntType } from '../src/types.ts';
import { type BtfBuilder, Kind } from './btf-builder.ts';

const REFERENCES = {
  pointer: Kind.PTR,
  typedef: Kind.TYPEDEF,
  const: Kind.CONST,
  volatile: Kind.VOLATILE,
  restrict: Kind.RESTRICT,
  type_tag: Kind.TYPE_TAG,
} as const;

/** Adds `type` as the next one, so that types added in order keep their ids. */
export function encodeType(builder: BtfBuilder, type: BtfType): void {
  const { name } = type;
  switch (type.kind) {
    case 'int':
      builder.add(Kind.INT, { name, word: type.size, extra: [encoding(type)] });
      return;
    case 'float':
      builder.add(Kind.FLOAT, { name, word: type.size });
      return;
    case 'array':
      builder.array(type.element, type.length);
      return;
    case 'struct':
    case 'union':
      builder.struct(
        name,
        type.size,
        type.members.map(({ name: member, type: id, bitOffset: bit, bitSize }) => ({
          name: member,
          type: id,
          bit,
          ...(bitSize > 0 && { bits: bitSize }),
        })),
        type.kind === 'struct' ? Kind.STRUCT : Kind.UNION,
      );
      return;
    case 'enum':
      addEnum(builder, type);
      return;
    case 'forward':
      builder.add(Kind.FWD, { name, flag: type.of === 'union' });
      return;
    case 'function_prototype':
      builder.add(Kind.FUNC_PROTO, {
        vlen: type.parameters.length,
        word: type.returns,
        extra: type.parameters.flatMap((parameter) => [builder.string(parameter.name), parameter.type]),
      });
      return;
    case 'declaration_tag':
      builder.add(Kind.DECL_TAG, { name, word: type.target, extra: [type.component >>> 0] });
      return;
    case 'void':
    case 'function':
    case 'variable':
    case 'data_section':
      throw new Error(`the test encodes no ${type.kind}`);
    default:
      builder.add(REFERENCES[type.kind], { name, word: type.target });
  }
}

function encoding({ bits, bitOffset, signed, char, bool }: IntType): number {
  return (((signed ? 1 : 0) | (char ? 2 : 0) | (bool ? 4 : 0)) << 24) | (bitOffset << 16) | bits;
}

function addEnum(builder: BtfBuilder, { name, size, signed, values }: EnumType): void {
  const extra = values.flatMap(({ name: enumerator, value }) => {
    const words = [Number(BigInt.asUintN(32, value)), Number(BigInt.asUintN(32, value >> 32n))];
    return [builder.string(enumerator), ...words.slice(0, size === 8 ? 2 : 1)];
  });
  builder.add(size === 8 ? Kind.ENUM64 : Kind.ENUM, {
    name,
    flag: signed,
    vlen: values.length,
    word: size,
    extra,
  });
}
