import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { integerParts } from './reads.ts';

const place = fc.constantFrom(1, 2, 4, 8, 16).chain((size) =>
  fc.record({
    size: fc.constant(size),
    signed: fc.boolean(),
    littleEndian: fc.boolean(),
    byteOffset: fc.nat({ max: 5 }),
    bitField: fc.option(
      fc.record({ shift: fc.nat({ max: 7 }), width: fc.integer({ min: 1, max: size * 8 }) }),
    ),
    bytes: fc.uint8Array({ minLength: 24, maxLength: 24 }),
  }),
);

/** The `width` bits from `bit` on, counted as compilers of that byte order do. */
function bitsOf(bytes: Uint8Array, bit: number, width: number, littleEndian: boolean): bigint {
  let value = 0n;
  for (let index = 0; index < width; index++) {
    const at = littleEndian ? bit + width - 1 - index : bit + index;
    const inByte = littleEndian ? at & 7 : 7 - (at & 7);
    value = (value << 1n) | BigInt(((bytes[at >> 3] ?? 0) >> inByte) & 1);
  }
  return value;
}

function evaluated(expressions: readonly string[], view: DataView): number[] {
  const source = `return [${expressions.join(', ')}];`;
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- expressions are evaluated so in earnest, too
  const evaluate = new Function('view', 'at', source) as (view: DataView, at: number) => number[];
  return evaluate(view, 0);
}

test('parts put together are the value, in both byte orders, bit-field or not', () => {
  fc.assert(
    fc.property(place, ({ size, signed, littleEndian, byteOffset, bitField, bytes }) => {
      const bitOffset = byteOffset * 8 + (bitField?.shift ?? 0);
      const width = bitField?.width ?? size * 8;
      const at = { at: 'at', bitOffset, bitSize: bitField?.width ?? 0 };
      const parts = integerParts(at, size, signed, littleEndian);
      const values = evaluated(parts, new DataView(bytes.buffer));
      const whole = values.reduce((sum, part, index) => sum | (BigInt(part >>> 0) << BigInt(32 * index)), 0n);
      const expected = bitsOf(bytes, bitOffset, width, littleEndian);
      const atWidth = signed ? BigInt.asIntN : BigInt.asUintN;
      const bits = Math.max(32, size * 8);
      expect(atWidth(bits, whole)).toBe(atWidth(width, expected));
    }),
    { numRuns: 2_000 },
  );
});
