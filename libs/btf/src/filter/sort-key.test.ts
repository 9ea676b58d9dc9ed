import { ArgumentError } from '@ecli/core';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { TypeTable } from '../../test/render/type-table.ts';
import { entryLayout, layoutOf } from '../render/layout.ts';
import { sampleMemory } from '../render/renderer.ts';
import { compileSortKey } from './sort-key.ts';

const table = new TypeTable();
const u32 = table.int('unsigned int', 4, false);
const key = table.struct('key', [
  ['pid', u32],
  ['comm', table.string(4)],
]);
const value = table.struct('value', [
  ['count', table.int('unsigned long long', 8, false)],
  ['pid', u32],
  ['list', table.array(u32, 2)],
]);
const entry = entryLayout(table, { keyType: key, valueType: value });

function refusal(spec: string): string {
  try {
    compileSortKey(entry, spec);
  } catch (error) {
    if (error instanceof ArgumentError) return `${error.message}: ${error.hint}`;
    throw error;
  }
  throw new Error(`${spec} was not refused`);
}

type Write = (bytes: Buffer, value: never, at: number) => void;

/** Sorts `values` written one byte apart from what came before, which only numbers of a stride can find. */
function sorted<Value>(
  type: number,
  size: number,
  write: Write,
  values: readonly Value[],
  spec: string,
): Value[] {
  const layout = layoutOf(
    table,
    table.struct('sample', [
      ['pad', table.int('u8', 1, false)],
      ['x', type],
    ]),
  );
  const stride = size + 1 + 2;
  const bytes = Buffer.alloc(stride * values.length);
  values.forEach((each, index) => write(bytes, each as never, index * stride + 1));
  const order = compileSortKey(layout, spec).order(
    sampleMemory(new Uint8Array(bytes)),
    stride,
    values.length,
  );
  return Array.from(order, (index) => values[index] as Value);
}

function compared<Value>(a: Value, b: Value): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

const numbers: readonly [string, number, number, fc.Arbitrary<number | bigint>, Write][] = [
  ['u32', u32, 4, fc.nat({ max: 2 ** 32 - 1 }), (bytes, each, at) => bytes.writeUInt32LE(each, at)],
  [
    's8',
    table.int('s8', 1, true),
    1,
    fc.integer({ min: -128, max: 127 }),
    (bytes, each, at) => bytes.writeInt8(each, at),
  ],
  [
    'u64',
    table.int('u64', 8, false),
    8,
    fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    (bytes, each, at) => bytes.writeBigUInt64LE(each, at),
  ],
  [
    's64',
    table.int('s64', 8, true),
    8,
    fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }),
    (bytes, each, at) => bytes.writeBigInt64LE(each, at),
  ],
  ['float', table.float(4), 4, fc.float({ noNaN: true }), (bytes, each, at) => bytes.writeFloatLE(each, at)],
  [
    'double',
    table.float(8),
    8,
    fc.double({ noNaN: true }),
    (bytes, each, at) => bytes.writeDoubleLE(each, at),
  ],
  ['bool', table.bool(), 1, fc.constantFrom(0, 1), (bytes, each, at) => bytes.writeUInt8(each * 7, at)],
];

describe('compileSortKey', () => {
  test.each(numbers)(
    'sorts %s by value, up and down, as a stable sort does',
    (_, type, size, number, write) => {
      fc.assert(
        fc.property(fc.array(number, { maxLength: 50 }), (values) => {
          // Zero has two signs, which floats tell apart and comparisons don't.
          const plain = values.map((each) => (Object.is(each, -0) ? 0 : each));
          expect(sorted(type, size, write, plain, 'x')).toEqual(plain.toSorted(compared));
          expect(sorted(type, size, write, plain, '-x')).toEqual(plain.toSorted((a, b) => compared(b, a)));
        }),
        { numRuns: 200 },
      );
    },
  );

  test('sorts 128 bits', () => {
    const values = [1n, -1n, 1n << 100n, -(1n << 100n), 1n << 64n, 0n];
    const write: Write = (bytes, each, at) => {
      bytes.writeBigUInt64LE(BigInt.asUintN(64, each), at);
      bytes.writeBigInt64LE(BigInt.asIntN(64, (each as bigint) >> 64n), at + 8);
    };
    const result = sorted(table.int('__int128', 16, true), 16, write, values, 'x');
    expect(result).toEqual(values.toSorted(compared));
  });

  test('sorts texts by their bytes up to the NUL', () => {
    const write: Write = (bytes, each, at) => void bytes.write(`${each as string}\0z`, at, 4, 'latin1');
    const values = ['b', 'abcd', 'ab', 'abc', '\xff', '', 'B'];
    const expected = ['', 'B', 'ab', 'abc', 'abcd', 'b', '\xff'];
    expect(sorted(table.string(4), 4, write, values, 'x')).toEqual(expected);
    expect(sorted(table.string(4), 4, write, values, '-x')).toEqual(expected.toReversed());
  });

  test('keeps equal ones in their order, also descending', () => {
    const layout = layoutOf(table, table.struct('sample', [['x', u32]]));
    const bytes = new Uint8Array(Uint32Array.of(5, 7, 5, 7, 5).buffer);
    const order = (spec: string) => Array.from(compileSortKey(layout, spec).order(sampleMemory(bytes), 4, 5));
    expect(order('x')).toEqual([0, 2, 4, 1, 3]);
    expect(order('-x')).toEqual([1, 3, 0, 2, 4]);
  });

  test('takes none for sorted', () => {
    expect(compileSortKey(entry, 'count').order(sampleMemory(new Uint8Array(0)), 32, 0)).toHaveLength(0);
  });

  test('finds a member of the key or the value by its name alone', () => {
    expect(compileSortKey(entry, '-count').descending).toBe(true);
    expect(compileSortKey(entry, 'comm').descending).toBe(false);
    expect(compileSortKey(entry, 'list[1]').descending).toBe(false);
    expect(compileSortKey(entry, 'key.pid').descending).toBe(false);
  });

  test.each([
    ['pid', 'several members .* end so: one of: key.pid, value.pid'],
    ['-cuont', 'cuont: .* has no such member: did you mean count'],
    ['', 'has no such member'],
    ['key', 'key is a struct, which has no order: one of its members: key.pid, key.comm'],
    ['list', 'value.list is an array, which has no order: an element of it: value.list\\[0\\]'],
    ['list[2]', 'has no such member'],
  ])('refuses %j', (spec, said) => {
    expect(refusal(spec)).toMatch(new RegExp(said));
  });
});
