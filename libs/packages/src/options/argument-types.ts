import { endianness } from 'node:os';
import type { Btf, BtfType, EnumType } from '@ecli/btf';
import { listed, nearNames, printable } from '@ecli/core';

/** What is asked of BTF here. */
export type TypeLookup = Pick<Btf, 'type' | 'resolve' | 'sizeOf' | 'spell'>;

/** Ends the reading of a value by throwing; `reason` says what is wrong with the value, without naming the option. */
export type Refuse = (reason: string, hint?: string) => never;

/** How one C type is written on the command line and in memory, in the machine's byte order. */
export interface ArgumentType {
  /** As C spells it: `pid_t`, `char[16]`. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** A bool: an option of this type needs no value. */
  readonly flag: boolean;
  /** What a value may be, where the name doesn't say it (names of an enum). */
  readonly choices?: readonly string[];
  /** Reads `text` into exactly `size` bytes, or calls `refuse`. */
  encode(text: string, refuse: Refuse): Uint8Array;
  /** Spells the value in the first `size` bytes as `encode` would read it. */
  format(bytes: Uint8Array): string;
}

/** A type as C spells it in a package, fit for a terminal: `const volatile` says nothing to a user. */
export function spelling(btf: TypeLookup, id: number): string {
  return printable(btf.spell(id, { qualifiers: false }));
}

/** Finds out how variables of type `id` are given; undefined where they can't be (structs, pointers). */
export function argumentType(btf: TypeLookup, id: number): ArgumentType | undefined {
  const type = btf.resolve(id);
  const name = spelling(btf, id);
  switch (type.kind) {
    case 'int':
      if (type.bool) return boolType(name, type.size);
      return integerType(name, type.size, type.signed, isChar(type));
    case 'float':
      return type.size === 4 || type.size === 8 ? floatType(name, type.size) : undefined;
    case 'enum':
      return enumType(name, type);
    case 'array': {
      if (type.length === 0) return undefined;
      if (isChar(btf.resolve(type.element))) return textType(name, type.length);
      const element = argumentType(btf, type.element);
      // Commas separate values, so a list of lists or of strings couldn't be told apart.
      return element && btf.resolve(type.element).kind !== 'array'
        ? listType(name, element, type.length)
        : undefined;
    }
    default:
      return undefined;
  }
}

/** clang marks plain `char` as a signed int of that name; the char bit of BTF is seldom set. */
function isChar(type: BtfType): boolean {
  return type.kind === 'int' && type.size === 1 && !type.bool && (type.char || type.name === 'char');
}

const BOOLS: Readonly<Record<string, bigint>> = { true: 1n, false: 0n, 1: 1n, 0: 0n };

function boolType(name: string, size: number): ArgumentType {
  return {
    name,
    size,
    flag: true,
    encode(text, refuse) {
      const value = Object.hasOwn(BOOLS, text) ? BOOLS[text] : undefined;
      return integerBytes(value ?? refuse(`${shown(text)} is not a ${name} (true or false)`), size);
    },
    format: (bytes) => (readInteger(bytes, size, false) === 0n ? 'false' : 'true'),
  };
}

const INTEGER = /^([+-]?)(0[xX][0-9a-fA-F]+|[0-9]+)$/;
const CHARACTER = /^'(.)'$|^([^0-9])$/su;

function integerType(name: string, size: number, signed: boolean, char: boolean): ArgumentType {
  const bits = BigInt(size * 8);
  const minimum = signed ? -(1n << (bits - 1n)) : 0n;
  const maximum = signed ? (1n << (bits - 1n)) - 1n : (1n << bits) - 1n;
  const range = `${minimum} to ${maximum}`;
  return {
    name,
    size,
    flag: false,
    encode(text, refuse) {
      const value = parseInteger(text) ?? (char ? parseCharacter(text) : undefined);
      if (value === undefined) return refuse(notOne(text, name, char ? `a character, or ${range}` : range));
      if (value < minimum || value > maximum) return refuse(outOfRange(text, name, range));
      return integerBytes(value, size);
    },
    format(bytes) {
      const value = readInteger(bytes, size, signed);
      return char && value >= 0x20n && value < 0x7fn
        ? `'${String.fromCharCode(Number(value))}'`
        : String(value);
    },
  };
}

function floatType(name: string, size: 4 | 8): ArgumentType {
  const limit = size === 4 ? FLOAT_MAX : Number.MAX_VALUE;
  const range = `-${limit} to ${limit}`;
  return {
    name,
    size,
    flag: false,
    encode(text, refuse) {
      const value = parseFloating(text) ?? refuse(notOne(text, name, range));
      const stored = size === 4 ? Math.fround(value) : value;
      if (!Number.isFinite(stored) && !NOT_FINITE.test(text)) return refuse(outOfRange(text, name, range));
      const bytes = new Uint8Array(size);
      const view = new DataView(bytes.buffer);
      if (size === 4) view.setFloat32(0, stored, LITTLE_ENDIAN);
      else view.setFloat64(0, stored, LITTLE_ENDIAN);
      return bytes;
    },
    format(bytes) {
      const view = new DataView(bytes.buffer, bytes.byteOffset, size);
      return size === 8
        ? String(view.getFloat64(0, LITTLE_ENDIAN))
        : shortestFloat(view.getFloat32(0, LITTLE_ENDIAN));
    },
  };
}

function enumType(name: string, type: EnumType): ArgumentType {
  const number = integerType(name, type.size, type.signed, false);
  const byName = new Map(type.values.map((entry) => [entry.name, entry.value]));
  return {
    name,
    size: type.size,
    flag: false,
    choices: type.values.map((entry) => printable(entry.name)),
    encode(text, refuse) {
      const value = byName.get(text);
      if (value !== undefined) return integerBytes(value, type.size);
      if (INTEGER.test(text)) return number.encode(text, refuse);
      const near = nearNames(text, byName.keys())[0];
      return refuse(
        `${shown(text)} is not an ${name}${near === undefined ? '' : `; did you mean ${printable(near)}?`}`,
        `values: ${listed([...byName.keys()])}, or a number`,
      );
    },
    format(bytes) {
      const value = readInteger(bytes, type.size, type.signed);
      const entry = type.values.find((candidate) => candidate.value === value);
      return entry ? printable(entry.name) : String(value);
    },
  };
}

function textType(name: string, size: number): ArgumentType {
  return {
    name,
    size,
    flag: false,
    encode(text, refuse) {
      const encoded = new TextEncoder().encode(text);
      if (encoded.includes(0)) refuse(`${shown(text)} holds a NUL, which ends a ${name}`);
      if (encoded.length >= size) {
        refuse(
          `${shown(text)} has ${encoded.length} bytes, too long for ${name} (0 to ${size - 1} and a NUL)`,
        );
      }
      const bytes = new Uint8Array(size);
      bytes.set(encoded);
      return bytes;
    },
    format(bytes) {
      const end = bytes.subarray(0, size).indexOf(0);
      return printable(new TextDecoder().decode(bytes.subarray(0, end < 0 ? size : end)));
    },
  };
}

/** `1,2,3`: values from the first element on; elements without one are zero. */
function listType(name: string, element: ArgumentType, length: number): ArgumentType {
  const size = element.size * length;
  return {
    name,
    size,
    flag: false,
    encode(text, refuse) {
      const parts = text === '' ? [] : text.split(',');
      if (parts.length > length) refuse(`${parts.length} values are too many for ${name} (0 to ${length})`);
      const bytes = new Uint8Array(size);
      parts.forEach((part, index) => bytes.set(element.encode(part, refuse), index * element.size));
      return bytes;
    },
    format(bytes) {
      const used = bytes.subarray(0, size).findLastIndex((byte) => byte !== 0) + 1;
      const count = Math.ceil(used / element.size);
      return Array.from({ length: count }, (_, index) =>
        element.format(bytes.subarray(index * element.size)),
      ).join(',');
    },
  };
}

const LITTLE_ENDIAN = endianness() === 'LE';
/** FLT_MAX of <float.h>. */
const FLOAT_MAX = 3.4028234663852886e38;
const DECIMAL = /^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$/;
const NOT_FINITE = /^[+-]?(inf|infinity)$|^nan$/i;

function parseInteger(text: string): bigint | undefined {
  const [, sign, digits] = INTEGER.exec(text) ?? [];
  // Far more digits than any type holds would only burn time in BigInt; what is left is out of every range.
  if (digits === undefined) return undefined;
  const value = BigInt(digits.length > 256 ? `0x1${'0'.repeat(64)}` : digits);
  return sign === '-' ? -value : value;
}

function parseCharacter(text: string): bigint | undefined {
  const [, quoted, bare] = CHARACTER.exec(text) ?? [];
  const code = (quoted ?? bare)?.codePointAt(0);
  return code !== undefined && code < 0x80 ? BigInt(code) : undefined;
}

function parseFloating(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  const integer = parseInteger(text);
  if (integer !== undefined) return Number(integer);
  if (!NOT_FINITE.test(text)) return undefined;
  if (/nan/i.test(text)) return Number.NaN;
  return text.startsWith('-') ? -Infinity : Infinity;
}

/** The fewest digits that name this float, which are not those of the double it widens to. */
function shortestFloat(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return String(rounded);
  }
  // Nine digits always tell two floats apart (FLT_DECIMAL_DIG of <float.h>).
  return String(Number(value.toPrecision(9)));
}

function integerBytes(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let index = 0; index < size; index++) {
    bytes[LITTLE_ENDIAN ? index : size - 1 - index] = Number((value >> BigInt(index * 8)) & 0xffn);
  }
  return bytes;
}

function readInteger(bytes: Uint8Array, size: number, signed: boolean): bigint {
  let value = 0n;
  for (let index = 0; index < size; index++) {
    value |= BigInt(bytes[LITTLE_ENDIAN ? index : size - 1 - index] ?? 0) << BigInt(index * 8);
  }
  return signed ? BigInt.asIntN(size * 8, value) : value;
}

function notOne(text: string, type: string, range: string): string {
  return text === ''
    ? `a value is needed (${type}, ${range})`
    : `${shown(text)} is not of type ${type} (${range})`;
}

function outOfRange(text: string, type: string, range: string): string {
  return `${shown(text)} is out of range for ${type} (${range})`;
}

const SHOWN_LENGTH = 60;

/** A value as it stands in a message: without control characters and not too long. */
function shown(text: string): string {
  const cut = text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}…` : text;
  return text === '' ? "''" : printable(cut);
}
