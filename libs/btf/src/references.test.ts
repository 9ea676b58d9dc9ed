import { describe, expect, test } from '@jest/globals';
import { Btf } from './btf.ts';

const VOID = 0;
/** `info` words: a kind and how many parts. */
const info = (kind: number, parts = 0) => (kind << 24) | parts;
const INT = [0, info(1), 4, 32];

/** BTF of these records, whose strings are `\0a\0`. */
function btfOf(...records: readonly (readonly number[])[]): Btf {
  const types = Uint32Array.from(records.flat());
  const strings = Buffer.from('\0a\0\0');
  const header = Uint32Array.of(0x1eb9f, 24, 0, types.byteLength, types.byteLength, strings.length);
  return Btf.parse(
    Buffer.concat(
      [header, types, strings].map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)),
    ),
  );
}

describe('checkReferences', () => {
  test('takes sound types', () => {
    const struct = [1, info(4, 1), 4, 1, 1, 0];
    const prototype = [0, info(13, 1), VOID, 1, 1];
    expect(() =>
      btfOf(INT, struct, prototype, [1, info(12), 3], [1, info(2), 2]).checkReferences(),
    ).not.toThrow();
  });

  test.each([
    ['a pointer to a type that is missing', [[0, info(2), 9]], 'type 1: refers to type 9 among 2'],
    [
      'an array of a type that is missing',
      [INT, [0, info(3), 0, 7, 1, 1]],
      'type 2: refers to type 7 among 3',
    ],
    ['a member of a type that is missing', [[0, info(4, 1), 4, 1, 5, 0]], 'type 1: refers to type 5 among 2'],
    ['a name outside the strings', [[99, info(2), 0]], 'type 1: has a name at 99, outside the strings'],
    ['a member name outside the strings', [INT, [0, info(4, 1), 4, 77, 1, 0]], 'type 2: has a name at 77'],
    [
      'a function without a prototype',
      [INT, [1, info(12), 1]],
      'refers to type 1, which is no function_prototype',
    ],
    [
      'a data section of something else',
      [INT, [1, info(15, 1), 4, 1, 0, 4]],
      'which is no variable or function',
    ],
    [
      'a typedef of itself',
      [
        [1, info(8), 2],
        [0, info(10), 1],
      ],
      'type 1: its typedefs or qualifiers go in a circle',
    ],
  ])('refuses %s', (_, records, message) => {
    expect(() => btfOf(...records).checkReferences()).toThrow(message);
  });
});
