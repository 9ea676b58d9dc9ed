import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { writeI128, writeI32, writeI64, writeU128, writeU32, writeU64 } from './decimal.ts';

/** Lets `write` write between guards and returns the text. */
function written(write: (out: DataView, position: number) => number): string {
  const bytes = new Uint8Array(64).fill(0xa5);
  const end = write(new DataView(bytes.buffer), 8);
  expect(bytes.subarray(0, 8).every((byte) => byte === 0xa5)).toBe(true);
  return Buffer.from(bytes.subarray(8, end)).toString('latin1');
}

/** The 32-bit parts of a value as generated code passes them. */
function part(value: bigint, index: number): number {
  return Number(BigInt.asIntN(32, value >> BigInt(32 * index)));
}

const WIDTHS = [
  {
    name: 'writeU32',
    bits: 32,
    signed: false,
    spell: (value: bigint) => written((out, at) => writeU32(out, at, part(value, 0))),
  },
  {
    name: 'writeI32',
    bits: 32,
    signed: true,
    spell: (value: bigint) => written((out, at) => writeI32(out, at, part(value, 0))),
  },
  {
    name: 'writeU64',
    bits: 64,
    signed: false,
    spell: (value: bigint) => written((out, at) => writeU64(out, at, part(value, 0), part(value, 1))),
  },
  {
    name: 'writeI64',
    bits: 64,
    signed: true,
    spell: (value: bigint) => written((out, at) => writeI64(out, at, part(value, 0), part(value, 1))),
  },
  {
    name: 'writeU128',
    bits: 128,
    signed: false,
    spell: (value: bigint) =>
      written((out, at) =>
        writeU128(out, at, part(value, 0), part(value, 1), part(value, 2), part(value, 3)),
      ),
  },
  {
    name: 'writeI128',
    bits: 128,
    signed: true,
    spell: (value: bigint) =>
      written((out, at) =>
        writeI128(out, at, part(value, 0), part(value, 1), part(value, 2), part(value, 3)),
      ),
  },
];

/** Every power of two and of ten below 2^128, with its neighbours and their negatives. */
function edges(): bigint[] {
  const powers = [
    ...Array.from({ length: 129 }, (_, exponent) => 2n ** BigInt(exponent)),
    ...Array.from({ length: 39 }, (_, exponent) => 10n ** BigInt(exponent)),
  ];
  return powers.flatMap((power) => [power - 1n, power, power + 1n, 1n - power, -power]);
}

describe.each(WIDTHS)('$name', ({ bits, signed, spell }) => {
  const atWidth = signed ? BigInt.asIntN : BigInt.asUintN;

  test('is exact at and around every power of two and ten', () => {
    for (const edge of edges()) {
      const value = atWidth(bits, edge);
      expect(spell(value)).toBe(value.toString());
    }
  });

  test('is exact for random values of every length', () => {
    const value = fc
      .tuple(fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }), fc.nat({ max: 127 }))
      .map(([drawn, shift]) => atWidth(bits, drawn >> BigInt(shift)));
    fc.assert(
      fc.property(value, (drawn) => expect(spell(drawn)).toBe(drawn.toString())),
      { numRuns: 1_000 },
    );
  });
});

test('multiples of 10^8 below 2^53, less one, are not rounded up by the quotient', () => {
  for (let factor = 2n ** 53n / 10n ** 8n; factor > 43n; factor -= 99_991n) {
    const value = factor * 10n ** 8n - 1n;
    expect(written((out, at) => writeU64(out, at, part(value, 0), part(value, 1)))).toBe(value.toString());
  }
});
