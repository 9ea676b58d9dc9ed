import { describe, expect, test } from '@jest/globals';
import { EnumTable } from './enum-table.ts';

function spelling(
  size: number,
  signed: boolean,
  values: Readonly<Record<string, bigint>>,
): (value: bigint) => string {
  const entries = Object.entries(values).map(([name, value]) => ({ name, value }));
  const shape = { kind: 'enum', name: 'e', size, height: 0, signed, values: entries } as const;
  const table = new EnumTable(shape, (text) => `<${text}>`);
  return (value) => {
    const out = Buffer.alloc(table.maxBytes);
    const low = Number(BigInt.asIntN(32, value));
    const high = Number(BigInt.asIntN(32, value >> 32n));
    const end = table.write(new DataView(out.buffer, out.byteOffset, out.length), 0, low, high);
    return out.toString('utf8', 0, end);
  };
}

describe('EnumTable', () => {
  test.each([
    ['small values', false, { ZERO: 0n, ONE: 1n, FIVE: 5n }],
    ['negative values', true, { LOW: -3n, ZERO: 0n, HIGH: 2n }],
    ['values far apart', false, { LOW: 1n, MIDDLE: 1n << 31n, HIGH: (1n << 64n) - 1n }],
    [
      'signed values far apart',
      true,
      { LOW: -(1n << 63n), LESS: -(1n << 32n), ZERO: 0n, HIGH: (1n << 63n) - 1n },
    ],
    ['none', false, {}],
  ] as const)('names %s and no others', (_, signed, values: Readonly<Record<string, bigint>>) => {
    const spell = spelling(8, signed, values);
    for (const [name, value] of Object.entries(values)) expect(spell(value)).toBe(`<${name}(${value})>`);
    for (const value of [4n, 1000n, 1n << 33n, (1n << 33n) + 1n]) {
      expect(spell(value)).toBe(`<<UNKNOWN_VARIANT>(${value})>`);
    }
  });

  test('shows unknown negative values as negative', () => {
    expect(spelling(4, true, { A: 1n })(-7n)).toBe('<<UNKNOWN_VARIANT>(-7)>');
  });

  test('prefers the first of two names for a value', () => {
    expect(spelling(4, false, { FIRST: 1n, SECOND: 1n })(1n)).toBe('<FIRST(1)>');
  });
});
