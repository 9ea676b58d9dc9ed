import { printable } from '@ecli/core';
import type { TypeSource } from '../../src/render/layout.ts';
import type { CompositeType, EnumType, IntType, Member } from '../../src/types.ts';

/**
 * The rules of rows once more, as slow and plain as can be, from types and bytes to strings: what the compiled
 * renderers are compared with. Shares nothing with them but the types. Little-endian only.
 */
export class Interpreter {
  constructor(
    private readonly btf: TypeSource,
    private readonly bytes: Uint8Array,
  ) {}

  header(typeId: number): string {
    return this.columns(typeId).map(heading).join('');
  }

  /** What follows the nine characters of the time. */
  textRow(typeId: number): string {
    let row = '#'.repeat(9);
    let start = 9;
    for (const member of this.columns(typeId)) {
      const length = Array.from(row).length;
      row += length >= start ? ' ' : ' '.repeat(start - length);
      row += this.text(member.type, member.bitOffset, member.bitSize);
      start += Array.from(heading(member)).length;
    }
    return `${row.slice(9)}\n`;
  }

  jsonRow(typeId: number): string {
    return `{${this.members(this.columns(typeId), 0)}}\n`;
  }

  private columns(typeId: number): readonly Member[] {
    const type = this.btf.resolve(typeId);
    if (type.kind === 'struct') return this.namedMembers(type);
    return [{ name: this.btf.spell(typeId), type: typeId, bitOffset: 0, bitSize: 0 }];
  }

  private namedMembers(composite: CompositeType): Member[] {
    return composite.members.flatMap((member) => {
      if (member.name !== '') return [member];
      const inner = this.btf.resolve(member.type);
      if (inner.kind !== 'struct' && inner.kind !== 'union') return [];
      return this.namedMembers(inner).map((named) => ({
        ...named,
        bitOffset: named.bitOffset + member.bitOffset,
      }));
    });
  }

  private members(members: readonly Member[], bit: number): string {
    return members
      .map(
        ({ name, type, bitOffset, bitSize }) => `${json(name)}:${this.json(type, bit + bitOffset, bitSize)}`,
      )
      .join(',');
  }

  private text(typeId: number, bit: number, bitSize: number): string {
    const type = this.btf.resolve(typeId);
    switch (type.kind) {
      case 'int':
        return this.integer(type, bit, bitSize);
      case 'enum':
        return this.enumerator(type, bit, bitSize, (name) => printable(name));
      case 'float': {
        const value = this.float(type.size, bit);
        if (Number.isNaN(value)) return 'NaN';
        if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
        return spellFloat(value, type.size);
      }
      case 'array':
        if (this.isString(type.element)) return printable(this.string(bit, type.length));
        return this.json(typeId, bit, bitSize);
      default:
        return this.json(typeId, bit, bitSize);
    }
  }

  private json(typeId: number, bit: number, bitSize: number): string {
    const type = this.btf.resolve(typeId);
    switch (type.kind) {
      case 'int': {
        const value = this.integer(type, bit, bitSize);
        return type.size === 16 && !type.bool ? `"${value}"` : value;
      }
      case 'pointer':
        return this.bits(bit, 64, false).toString();
      case 'enum':
        return json(this.enumerator(type, bit, bitSize, (name) => name));
      case 'float': {
        const value = this.float(type.size, bit);
        return Number.isFinite(value) ? spellFloat(value, type.size) : 'null';
      }
      case 'array': {
        if (this.isString(type.element)) return json(this.string(bit, type.length));
        const stride = this.btf.sizeOf(type.element) * 8;
        const elements = Array.from({ length: type.length }, (_, index) =>
          this.json(type.element, bit + index * stride, 0),
        );
        return `[${elements.join(',')}]`;
      }
      case 'struct':
      case 'union': {
        const own = `"__EUNOMIA_TYPE":"${type.kind}","__EUNOMIA_TYPE_NAME":${json(type.name)}`;
        const members = this.namedMembers(type);
        return members.length === 0 ? `{${own}}` : `{${own},${this.members(members, bit)}}`;
      }
      default:
        throw new Error(`the interpreter shows no ${type.kind}`);
    }
  }

  private integer(type: IntType, bit: number, bitSize: number): string {
    const value = this.bits(bit, bitSize || type.size * 8, type.signed && !type.bool);
    return type.bool ? String(value !== 0n) : value.toString();
  }

  private enumerator(type: EnumType, bit: number, bitSize: number, spell: (name: string) => string): string {
    const value = this.bits(bit, bitSize || type.size * 8, type.signed);
    const known = type.values.find((candidate) => candidate.value === value);
    return `${known ? spell(known.name) : '<UNKNOWN_VARIANT>'}(${value})`;
  }

  private float(size: number, bit: number): number {
    const buffer = Buffer.from(this.bytes.subarray(bit / 8, bit / 8 + size));
    return size === 4 ? buffer.readFloatLE() : buffer.readDoubleLE();
  }

  private isString(element: number): boolean {
    const type = this.btf.resolve(element);
    return type.kind === 'int' && type.name === 'char';
  }

  private string(bit: number, length: number): string {
    const bytes = this.bytes.subarray(bit / 8, bit / 8 + length);
    const nul = bytes.indexOf(0);
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    return decoder.decode(nul < 0 ? bytes : bytes.subarray(0, nul));
  }

  private bits(bit: number, width: number, signed: boolean): bigint {
    let value = 0n;
    for (let index = width - 1; index >= 0; index--) {
      const at = bit + index;
      value = (value << 1n) | BigInt(((this.bytes[at >> 3] ?? 0) >> (at & 7)) & 1);
    }
    return signed ? BigInt.asIntN(width, value) : value;
  }
}

function heading({ name }: Member): string {
  let text = printable(name.toUpperCase());
  while (Array.from(text).length < 6) text += ' ';
  return `${text} `;
}

function spellFloat(value: number, size: number): string {
  if (Object.is(value, -0)) return '-0';
  if (size === 8) return String(value);
  const digits = [6, 7, 8, 9].find((count) => Math.fround(Number(value.toPrecision(count))) === value);
  return String(Number(value.toPrecision(digits)));
}

function json(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
