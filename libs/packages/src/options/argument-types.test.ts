import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TypeTable } from '../../test/type-table.ts';
import { argumentType, type ArgumentType } from './argument-types.ts';

const table = new TypeTable();
const char = table.int('char', 1, true);
const int = table.int('int', 4, true);
const bool = table.int('_Bool', 1, false, true);
const float = table.add({ kind: 'float', name: 'float', size: 4 });
const double = table.add({ kind: 'float', name: 'double', size: 8 });
const level = table.add({
  kind: 'enum',
  name: 'level',
  size: 4,
  signed: true,
  values: [
    { name: 'LOW', value: -1n },
    { name: 'HIGH', value: 7n },
  ],
});

function typeOf(id: number): ArgumentType {
  const type = argumentType(table, id);
  if (!type) throw new Error(`${table.spell(id)} should be a type of arguments`);
  return type;
}

class Refused extends Error {}

function refuse(reason: string): never {
  throw new Refused(reason);
}

function encode(id: number, text: string): Uint8Array {
  return typeOf(id).encode(text, refuse);
}

describe('integers', () => {
  const widths = [8, 16, 32, 64, 128].flatMap((bits) => [
    { bits, signed: true },
    { bits, signed: false },
  ]);

  test.each(widths)(
    'of $bits bits, signed $signed: every value comes back as it went',
    ({ bits, signed }) => {
      const id = table.int('number', bits / 8, signed);
      const range = signed
        ? { min: -(1n << BigInt(bits - 1)), max: (1n << BigInt(bits - 1)) - 1n }
        : { min: 0n, max: (1n << BigInt(bits)) - 1n };
      fc.assert(
        fc.property(fc.bigInt(range), (value) => {
          const bytes = encode(id, String(value));
          expect(bytes).toHaveLength(bits / 8);
          expect(typeOf(id).format(bytes)).toBe(String(value));
          const hex = `${value < 0n ? '-' : ''}0x${(value < 0n ? -value : value).toString(16)}`;
          expect(encode(id, hex)).toEqual(bytes);
        }),
      );
      for (const value of [range.min - 1n, range.max + 1n]) {
        expect(() => encode(id, String(value))).toThrow(
          `is out of range for number (${range.min} to ${range.max})`,
        );
      }
    },
  );

  test('lie in memory in the byte order of the machine', () => {
    const bytes = encode(int, '-2');
    expect(new Int32Array(bytes.buffer)[0]).toBe(-2);
  });

  test('of a typedef are refused by the name of the typedef', () => {
    const pid = table.add({ kind: 'typedef', name: 'pid_t', target: int });
    const constant = table.add({ kind: 'const', target: table.add({ kind: 'volatile', target: pid }) });
    expect(() => encode(constant, '99999999999')).toThrow(
      '99999999999 is out of range for pid_t (-2147483648 to 2147483647)',
    );
  });

  test.each(['', ' 1', '1 ', '1.5', '0x', '1e3', '--1', '1_000', 'abc', '०'])('are not %p', (text) => {
    expect(() => encode(int, text)).toThrow(Refused);
  });

  test('of a thousand digits are out of range, at once', () => {
    expect(() => encode(int, '9'.repeat(100_000))).toThrow('is out of range for int');
  });
});

describe('char', () => {
  test.each([
    ['a', 97],
    ['-', 45],
    ["'7'", 55],
    ['7', 7],
    ['-128', 128],
    ['0x41', 65],
  ])('reads %p as the byte %p', (text, byte) => {
    expect(encode(char, text)).toEqual(Uint8Array.of(byte));
  });

  test.each(['ab', 'é', '', '128'])('refuses %p', (text) => {
    expect(() => encode(char, text)).toThrow(Refused);
  });
});

describe('bool', () => {
  test.each([
    ['true', 1],
    ['1', 1],
    ['false', 0],
    ['0', 0],
  ])('reads %p as %p', (text, byte) => {
    expect(encode(bool, text)).toEqual(Uint8Array.of(byte));
  });

  test('refuses a name that objects have', () => {
    expect(() => encode(bool, 'constructor')).toThrow('constructor is not a _Bool (true or false)');
  });
});

describe('floating point', () => {
  test('every double comes back as it went', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        const bytes = encode(double, String(value));
        expect(new Float64Array(bytes.buffer)[0]).toBe(value === 0 ? Number(String(value)) : value);
      }),
    );
  });

  test('every float is formatted so that it is read as the same float', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const bytes = encode(float, String(value));
        expect(encode(float, typeOf(float).format(bytes))).toEqual(bytes);
      }),
    );
  });

  test('too large for float is out of range, infinity is not', () => {
    expect(() => encode(float, '1e39')).toThrow('1e39 is out of range for float');
    expect(new Float32Array(encode(float, '-inf').buffer)[0]).toBe(-Infinity);
  });

  test.each(['', '.', '1e', 'one', '0x1p3'])('is not %p', (text) => {
    expect(() => encode(double, text)).toThrow(Refused);
  });
});

describe('enums', () => {
  test('are given by name or by number', () => {
    expect(encode(level, 'HIGH')).toEqual(encode(int, '7'));
    expect(encode(level, '-1')).toEqual(encode(level, 'LOW'));
    expect(typeOf(level).format(encode(level, '7'))).toBe('HIGH');
  });

  test('suggest the name that was meant', () => {
    expect(() => encode(level, 'HIGHT')).toThrow('HIGHT is not an enum level; did you mean HIGH?');
  });

  test.each([
    [0x78, "'x'"],
    [0x27, "'''"],
    [0x37, "'7'"],
    [0, '0'],
    [0xff, '-1'],
  ])('%i is shown as %s, which can be given', (byte, text) => {
    const type = argumentType(table, char);
    expect(type?.format(Uint8Array.of(byte))).toBe(text);
    expect(encode(char, text)).toEqual(Uint8Array.of(byte));
  });
});

describe('char arrays', () => {
  const text = table.array(char, 16);

  test('hold what leaves room for a NUL, and are zero behind it', () => {
    expect(Buffer.from(encode(text, 'fifteen bytes !')).toString('latin1')).toBe('fifteen bytes !\0');
    expect(() => encode(text, 'sixteen bytes !!')).toThrow(
      'sixteen bytes !! has 16 bytes, too long for char[16] (0 to 15 and a NUL)',
    );
    expect(encode(text, '')).toEqual(new Uint8Array(16));
  });

  test('count bytes and not characters', () => {
    expect(() => encode(text, 'ééééééééé')).toThrow('has 18 bytes');
  });

  test('refuse a NUL and show no control characters', () => {
    expect(() => encode(text, 'a\0b\x1b[31m')).toThrow('a\\x00b\\x1b[31m holds a NUL');
  });
});

describe('lists', () => {
  const list = table.array(table.int('unsigned short', 2, false), 3);

  test('take values between commas, from the first on', () => {
    expect([...new Uint16Array(encode(list, '1,0xffff').buffer)]).toEqual([1, 65535, 0]);
    expect(typeOf(list).format(encode(list, '1,0,3'))).toBe('1,0,3');
  });

  test('refuse more values than there are elements, and values that are none', () => {
    expect(() => encode(list, '1,2,3,4')).toThrow('4 values are too many for unsigned short[3] (0 to 3)');
    expect(() => encode(list, '1,,3')).toThrow(Refused);
  });
});

test('structs, pointers and lists of lists are no arguments', () => {
  const struct = table.add({ kind: 'struct', name: 'event', size: 8, members: [] });
  const pointer = table.add({ kind: 'pointer', target: struct });
  for (const id of [struct, pointer, table.array(struct, 2), table.array(table.array(int, 2), 2)]) {
    expect(argumentType(table, id)).toBeUndefined();
  }
});

test('whatever the text, a value has its full size or is refused', () => {
  const ids = [char, int, bool, float, double, level, table.array(char, 4), table.array(int, 2)];
  fc.assert(
    fc.property(fc.constantFrom(...ids), fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (id, text) => {
      try {
        expect(encode(id, text)).toHaveLength(table.sizeOf(id));
      } catch (error) {
        expect(error).toBeInstanceOf(Refused);
      }
    }),
  );
});
