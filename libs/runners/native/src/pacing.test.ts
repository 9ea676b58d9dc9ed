import { describe, expect, test } from '@jest/globals';
import { Pacing } from './pacing.ts';

const MIB = 1024 * 1024;

/** What a pacing says after `rounds` rounds of `samples` of 168 bytes, each `everyMs`. */
function steady(capacityBytes: number, samples: number, everyMs: number, rounds = 20): number | undefined {
  const pacing = new Pacing(capacityBytes, 0);
  let rest: number | undefined;
  for (let round = 1; round <= rounds; round++) rest = pacing.rest(round * everyMs, samples, samples * 168);
  return rest;
}

describe('Pacing', () => {
  test.each([
    ['one sample after a long silence', 16 * MIB, 1, 1000, undefined],
    ['one sample each 20 ms', 16 * MIB, 1, 20, undefined],
    ['one sample each millisecond', 16 * MIB, 1, 1, 10],
    ['a million a second into 16 MiB', 16 * MIB, 10_000, 10, 10],
    ['a million a second into 4 MiB', 4 * MIB, 5000, 5, 6],
    ['a million a second into 256 KiB', MIB / 4, 500, 0.5, 0],
    ['5000 a second into 256 KiB', MIB / 4, 20, 4, 4],
    ['5000 a second into a page', 4096, 5, 1, 1],
    ['nothing', 16 * MIB, 0, 10, undefined],
  ])('%s', (_, capacity, samples, everyMs, rest) => {
    expect(steady(capacity, samples, everyMs)).toBe(rest);
  });

  test('leaves a buffer at most a quarter full at the highest rate of late', () => {
    const pacing = new Pacing(MIB, 0);
    pacing.rest(10, 1500, 10 * 0.2 * MIB);
    const rest = pacing.rest(20, 10, 1680) ?? 0;
    expect(rest * 0.2).toBeLessThanOrEqual(0.27);
    expect(pacing.rest(2000, 2000, 100_000)).toBeGreaterThan(rest);
  });
});
