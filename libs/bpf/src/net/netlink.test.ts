import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { attributes } from './netlink.ts';

/** An attribute as the kernel writes it: its length, its type, its bytes, and zeros up to a multiple of four. */
function written(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.alloc((4 + value.length + 3) & ~3);
  bytes.writeUInt16LE(4 + value.length, 0);
  bytes.writeUInt16LE(type, 2);
  bytes.set(value, 4);
  return bytes;
}

describe('attributes', () => {
  test('are read as they were written, the last of a type counting', () => {
    const some = fc.array(fc.tuple(fc.integer({ min: 0, max: 0x3fff }), fc.uint8Array({ maxLength: 40 })));
    fc.assert(
      fc.property(some, (list) => {
        const read = attributes(Buffer.concat(list.map(([type, value]) => written(type, value))));
        const expected = new Map(list.map(([type, value]) => [type, Buffer.from(value)]));
        expect(read).toEqual(expected);
      }),
    );
  });

  test('lose the flags that the kernel adds to a type', () => {
    expect([...attributes(written(0x8002, new Uint8Array(4))).keys()]).toEqual([2]);
  });

  test('end where bytes make no sense', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const total = [...attributes(Buffer.from(bytes)).values()].reduce(
          (sum, { length }) => sum + length,
          0,
        );
        expect(total).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });
});
