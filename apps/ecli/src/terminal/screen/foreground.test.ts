import { expect, test } from '@jest/globals';
import { isForegroundStat } from './foreground.ts';

test.each([
  ['in the foreground', '12 (node) S 10 12 10 34816 12 4194304 1', true],
  ['in the background', '12 (node) S 10 12 10 34816 10 4194304 1', false],
  ['without a terminal', '12 (node) S 10 12 10 0 -1 4194304 1', true],
  ['of a name with blanks and brackets', '12 (a) S (b) S 10 12 10 34816 12 4194304 1', true],
  ['unreadable', '', true],
])('a process %s', (_what, stat, expected) => {
  expect(isForegroundStat(stat)).toBe(expected);
});
