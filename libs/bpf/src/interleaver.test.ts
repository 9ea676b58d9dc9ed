import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Interleaver } from './interleaver.ts';

test('puts any keys and values where they belong, and leaves the space between alone', () => {
  const size = fc.integer({ min: 0, max: 130 });
  fc.assert(
    fc.property(size, size, fc.integer({ min: 0, max: 9 }), (keySize, valueSize, count) => {
      const valueOffset = Math.ceil(keySize / 8) * 8;
      const stride = valueOffset + Math.ceil(valueSize / 8) * 8;
      const random = (length: number) =>
        new Uint8Array(Math.ceil(length / 8) * 8).map((_, at) => (at * 7 + 1) % 256);
      const [keys, values] = [random(count * keySize), random(count * valueSize)];
      const records = new Uint8Array(count * stride);
      new Interleaver(
        { bytes: keys, size: keySize, offset: 0 },
        { bytes: values, size: valueSize, offset: valueOffset },
        { bytes: records, stride },
      ).copy(count);
      const expected = new Uint8Array(count * stride);
      for (let index = 0; index < count; index++) {
        expected.set(keys.subarray(index * keySize, (index + 1) * keySize), index * stride);
        expected.set(
          values.subarray(index * valueSize, (index + 1) * valueSize),
          index * stride + valueOffset,
        );
      }
      expect(records).toEqual(expected);
    }),
  );
});
