import { describe, expect, test } from '@jest/globals';
import { parseAge, parseSize, spellAge } from './quantities.ts';

describe('parseSize', () => {
  test.each([
    ['0', 0],
    ['500', 500],
    ['500M', 500 * 1024 ** 2],
    ['1.5 GiB', 1.5 * 1024 ** 3],
    ['2kb', 2048],
    ['1T', 1024 ** 4],
  ])('reads %s', (text, bytes) => expect(parseSize('--max-size', text)).toBe(bytes));

  test.each(['', 'M', '-1', '1e9', '5 X', '99999999T', '1.'])('refuses %j', (text) => {
    expect(() => parseSize('--max-size', text)).toThrow(/^--max-size .*: not a size$/);
  });
});

describe('parseAge', () => {
  test.each([
    ['30d', 30 * 86_400_000],
    ['12h', 12 * 3_600_000],
    ['1.5w', 1.5 * 7 * 86_400_000],
    ['0s', 0],
  ])('reads %s', (text, milliseconds) => expect(parseAge('--older-than', text)).toBe(milliseconds));

  test.each(['', '30', 'd', '-1d', '1y', '99999999999999w'])('refuses %j', (text) => {
    expect(() => parseAge('--older-than', text)).toThrow(/: not a time$/);
  });
});

test.each([
  [0, 'now'],
  [59_999, 'now'],
  [60_000, '1 minute ago'],
  [3 * 3_600_000, '3 hours ago'],
  [8 * 86_400_000, '1 week ago'],
  [800 * 86_400_000, '2 years ago'],
])('%i ms are told as %s', (milliseconds, text) => expect(spellAge(milliseconds)).toBe(text));
