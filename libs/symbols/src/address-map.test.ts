import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AddressMap } from './address-map.ts';

describe('AddressMap', () => {
  test('holds what a Map holds', () => {
    const half = fc.oneof(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -(2 ** 31), max: 2 ** 32 - 1 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(half, half), { maxLength: 300 }), (addresses) => {
        const map = new AddressMap<number>();
        const plain = new Map<bigint, number>();
        const keyOf = (low: number, high: number) => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
        addresses.forEach(([low, high], index) => {
          map.set(low, high, index);
          plain.set(keyOf(low, high), index);
        });
        for (const [low, high] of addresses) {
          expect(map.get(low, high)).toBe(plain.get(keyOf(low, high)));
          expect(map.get(low ^ 1, high)).toBe(plain.get(keyOf(low ^ 1, high)));
        }
        expect(map.size).toBe(plain.size);
      }),
    );
  });

  test('is empty once it is cleared', () => {
    const map = new AddressMap<string>();
    for (let low = 0; low < 1000; low++) map.set(low, 7, 'frame');
    expect(map.size).toBe(1000);
    map.clear();
    expect(map.size).toBe(0);
    expect(map.get(1, 7)).toBeUndefined();
  });
});
