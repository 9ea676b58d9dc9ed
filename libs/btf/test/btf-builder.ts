import { endianness } from 'node:os';

const MEMBER_FLAG = 0x8000_0000;

/** `BTF_KIND_*` of linux/include/uapi/linux/btf.h. */
export const Kind = {
  INT: 1,
  PTR: 2,
  ARRAY: 3,
  STRUCT: 4,
  UNION: 5,
  ENUM: 6,
  FWD: 7,
  TYPEDEF: 8,
  VOLATILE: 9,
  CONST: 10,
  RESTRICT: 11,
  FUNC: 12,
  FUNC_PROTO: 13,
  VAR: 14,
  DATASEC: 15,
  FLOAT: 16,
  DECL_TAG: 17,
  TYPE_TAG: 18,
  ENUM64: 19,
} as const;

export interface TypeRecord {
  readonly name?: string;
  readonly flag?: boolean;
  readonly vlen?: number;
  /** The third word: a size or a type id. */
  readonly word?: number;
  readonly extra?: readonly number[];
}

export interface MemberRecord {
  readonly name?: string;
  readonly type: number;
  readonly bit: number;
  readonly bits?: number;
}

/** Writes BTF type by type, sound or not, for what no compiler at hand can be made to write. */
export class BtfBuilder {
  private readonly words: number[] = [];
  private strings = '\0';
  private count = 1;

  /** Returns the id. */
  add(kind: number, { name = '', flag = false, vlen = 0, word = 0, extra = [] }: TypeRecord = {}): number {
    const info = ((flag ? MEMBER_FLAG : 0) | (kind << 24) | vlen) >>> 0;
    this.words.push(this.string(name), info, word);
    for (const each of extra) this.words.push(each);
    return this.count++;
  }

  string(text: string): number {
    if (text === '') return 0;
    const offset = Buffer.byteLength(this.strings);
    this.strings += `${text}\0`;
    return offset;
  }

  int(name = 'int', size = 4, encoding = 1): number {
    return this.add(Kind.INT, { name, word: size, extra: [((encoding << 24) | (size * 8)) >>> 0] });
  }

  pointer(target: number): number {
    return this.add(Kind.PTR, { word: target });
  }

  array(element: number, length: number): number {
    return this.add(Kind.ARRAY, { extra: [element, 0, length] });
  }

  struct(name: string, size: number, members: readonly MemberRecord[], kind: number = Kind.STRUCT): number {
    const flag = members.some(({ bits }) => bits !== undefined);
    const extra = members.flatMap(({ name: member = '', type, bit, bits = 0 }) => [
      this.string(member),
      type,
      (bit | (bits << 24)) >>> 0,
    ]);
    return this.add(kind, { name, flag, vlen: members.length, word: size, extra });
  }

  bytes(): Uint8Array {
    const types = this.words.length * 4;
    const strings = Buffer.from(this.strings);
    const bytes = new Uint8Array(24 + types + strings.length);
    const view = new DataView(bytes.buffer);
    const little = endianness() === 'LE';
    view.setUint16(0, 0xeb9f, little);
    view.setUint8(2, 1);
    [24, 0, types, types, strings.length].forEach((word, index) => {
      view.setUint32(4 + index * 4, word, little);
    });
    this.words.forEach((word, index) => {
      view.setUint32(24 + index * 4, word >>> 0, little);
    });
    bytes.set(strings, 24 + types);
    return bytes;
  }
}
