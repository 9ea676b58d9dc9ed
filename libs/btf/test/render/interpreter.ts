import { printable } from '@ecli/core';
import { plainJsonText } from './plain-rows.ts';
import type { EntryTypes, TypeSource } from '../../src/render/layout.ts';
import type { CompositeType, EnumType, IntType, Member } from '../../src/types.ts';

/** One value, as each of the formats may show it. */
export interface Cell {
  readonly name: string;
  readonly text: string;
  readonly json: string;
  /** That of the type; `text` for strings, `nested` for whatever has members. */
  readonly kind: string;
}

/**
 * The rules of values once more, as slow and plain as can be, from types and bytes to strings: what the compiled
 * renderers are compared with. Shares nothing with them but the types. Little-endian only.
 */
export class Interpreter {
  constructor(
    private readonly btf: TypeSource,
    private readonly bytes: Uint8Array,
  ) {}

  /** The columns of a sample: a struct's members, or one named by the type. */
  cells(typeId: number, prefix = '', bit = 0): Cell[] {
    return this.columns(typeId).map(({ name, type, bitOffset, bitSize }) =>
      this.cell(prefix + name, type, bit + bitOffset, bitSize),
    );
  }

  cell(name: string, typeId: number, bit: number, bitSize: number): Cell {
    const { kind } = this.btf.resolve(typeId);
    return {
      name,
      text: this.text(typeId, bit, bitSize),
      json: this.json(typeId, bit, bitSize),
      kind: this.isString(typeId) ? 'text' : ['array', 'struct', 'union'].includes(kind) ? 'nested' : kind,
    };
  }

  /**
   * Goes from the type into some value in it as `choices` say, which name a member or an element each; the value is
   * named by the way. Undefined where names have dots or brackets, or several members have one name.
   */
  inside(typeId: number, choices: readonly number[]): Cell | undefined {
    let members = this.columns(typeId);
    let path = '';
    let bit = 0;
    for (const [step, choice] of choices.entries()) {
      const member = members[choice % members.length];
      if (!member || !areClear(members)) return undefined;
      path += step === 0 ? member.name : `.${member.name}`;
      bit += member.bitOffset;
      let { type } = member;
      let resolved = this.btf.resolve(type);
      while (resolved.kind === 'array' && !this.isString(type) && resolved.length > 0 && choice % 3 > 0) {
        const index = choice % resolved.length;
        path += `[${index}]`;
        type = resolved.element;
        bit += index * this.btf.sizeOf(type) * 8;
        resolved = this.btf.resolve(type);
      }
      if (
        !('members' in resolved) ||
        this.namedMembers(resolved).length === 0 ||
        step === choices.length - 1
      ) {
        return this.cell(path, type, bit, member.bitSize);
      }
      members = this.namedMembers(resolved);
    }
    return undefined;
  }

  /** The two columns of an entry of a map. */
  entry({ keyType, valueType, cpus }: EntryTypes): Cell[] {
    const key = this.record(keyType ?? 0, 0);
    const start = aligned(this.btf.sizeOf(keyType ?? 0));
    const value =
      cpus === undefined
        ? this.record(valueType, start)
        : `[${this.ofEachCpu(valueType, start, cpus, (at) => this.record(valueType, at)).join(',')}]`;
    return [
      { name: 'key', text: key, json: key, kind: 'nested' },
      { name: 'value', text: value, json: value, kind: 'nested' },
    ];
  }

  /** The columns of an entry where it has one for each member. */
  flatEntry({ keyType, valueType, cpus }: EntryTypes): Cell[] {
    const start = aligned(this.btf.sizeOf(keyType ?? 0));
    const key = this.flat('key', keyType ?? 0, 0);
    if (cpus === undefined) return [...key, ...this.flat('value', valueType, start)];
    const isStruct = this.btf.resolve(valueType).kind === 'struct';
    const values = this.ofEachCpu(valueType, start, cpus, (at) =>
      isStruct ? this.record(valueType, at) : this.json(valueType, at * 8, 0),
    );
    const all = `[${values.join(',')}]`;
    return [...key, { name: 'value', text: all, json: all, kind: 'nested' }];
  }

  private flat(name: string, typeId: number, start: number): Cell[] {
    const isStruct = this.btf.resolve(typeId).kind === 'struct';
    return isStruct ? this.cells(typeId, `${name}.`, start * 8) : [this.cell(name, typeId, start * 8, 0)];
  }

  private ofEachCpu(typeId: number, start: number, cpus: number, show: (at: number) => string): string[] {
    const stride = aligned(this.btf.sizeOf(typeId));
    return Array.from({ length: cpus }, (_, cpu) => show(start + cpu * stride));
  }

  private record(typeId: number, start: number): string {
    return `{${this.members(this.columns(typeId), start * 8)}}`;
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
        ({ name, type, bitOffset, bitSize }) =>
          `${plainJsonText(name)}:${this.json(type, bit + bitOffset, bitSize)}`,
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
        if (this.isString(typeId)) return printable(this.string(bit, type.length));
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
        return plainJsonText(this.enumerator(type, bit, bitSize, (name) => name));
      case 'float': {
        const value = this.float(type.size, bit);
        return Number.isFinite(value) ? spellFloat(value, type.size) : 'null';
      }
      case 'array': {
        if (this.isString(typeId)) return plainJsonText(this.string(bit, type.length));
        const stride = this.btf.sizeOf(type.element) * 8;
        const elements = Array.from({ length: type.length }, (_, index) =>
          this.json(type.element, bit + index * stride, 0),
        );
        return `[${elements.join(',')}]`;
      }
      case 'struct':
      case 'union': {
        const own = `"__EUNOMIA_TYPE":"${type.kind}","__EUNOMIA_TYPE_NAME":${plainJsonText(type.name)}`;
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

  /** An array of what C calls char, be it that the compiler says so or that the name does. */
  private isString(typeId: number): boolean {
    const array = this.btf.resolve(typeId);
    if (array.kind !== 'array') return false;
    const type = this.btf.resolve(array.element);
    return type.kind === 'int' && type.size === 1 && !type.bool && (type.char || type.name === 'char');
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

function areClear(members: readonly Member[]): boolean {
  const names = new Set(members.map(({ name }) => name));
  return names.size === members.length && members.every(({ name }) => !/[.[\]]/.test(name));
}

function aligned(size: number): number {
  return size % 8 === 0 ? size : size + 8 - (size % 8);
}

function spellFloat(value: number, size: number): string {
  if (Object.is(value, -0)) return '-0';
  if (size === 8) return String(value);
  const digits = [6, 7, 8, 9].find((count) => Math.fround(Number(value.toPrecision(count))) === value);
  return String(Number(value.toPrecision(digits)));
}
