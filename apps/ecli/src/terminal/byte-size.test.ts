import { expect, test } from '@jest/globals';
import { spellBytes } from './byte-size.ts';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1536, '1.5 KiB'],
  [10_189, '10 KiB'],
  [40_000, '39 KiB'],
  [1_048_575, '1 MiB'],
  [52_428_800, '50 MiB'],
  [2 ** 53, '8192 TiB'],
])('spellBytes says of %i that it is %s', (bytes, spelled) => {
  expect(spellBytes(bytes)).toBe(spelled);
});
