import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs, LONGEST_PAUSE_MS, retryAfterMs } from './retry.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');

describe('retryAfterMs', () => {
  test.each([
    ['0', 0],
    ['120', 120_000],
    [' 3 ', 3000],
    ['Tue, 24 Nov 2026 12:00:30 GMT', 30_000],
    ['Tuesday, 24-Nov-26 12:00:30 GMT', 30_000],
    ['Tue Nov 24 12:00:30 2026 GMT', 30_000],
    ['Tue, 24 Nov 2026 11:00:00 GMT', 0],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['2026', 2_026_000],
  ])('reads %j', (value, expected) => {
    expect(retryAfterMs({ 'retry-after': value }, NOW)).toBe(expected);
  });

  test('of no header is nothing', () => {
    expect(retryAfterMs({})).toBeUndefined();
  });

  test('of any text is a pause or nothing', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const pauseMs = retryAfterMs({ 'retry-after': value }, NOW) ?? 0;
        expect(pauseMs).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('finds the second that a date names', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (seconds) => {
        const value = new Date(NOW + seconds * 1000).toUTCString();
        expect(retryAfterMs({ 'retry-after': value }, NOW)).toBe(seconds * 1000);
      }),
    );
  });
});

describe('backoffMs', () => {
  test('grows, half of it by chance, up to a minute', () => {
    expect([1, 2, 3].map((attempt) => backoffMs(attempt, () => 0))).toEqual([250, 500, 1000]);
    expect([1, 2, 3].map((attempt) => backoffMs(attempt, () => 1))).toEqual([500, 1000, 2000]);
    expect(backoffMs(1000, () => 1)).toBe(LONGEST_PAUSE_MS);
  });
});
