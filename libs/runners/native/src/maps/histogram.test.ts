import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { drawHistogram, longestLine, rangeOf } from './histogram.ts';

const big = (counts: readonly number[]): bigint[] => counts.map(BigInt);
const log2 = { scale: 'log2', unit: '(unit)' } as const;

describe('drawHistogram', () => {
  test('draws as the format has been recorded', () => {
    expect(drawHistogram(big([7, 11, 50, 0, 0]), log2)).toEqual([
      '     (unit)              : count    distribution',
      '         0 -> 1          : 7        |*****                                   |',
      '         2 -> 3          : 11       |********                                |',
      '         4 -> 7          : 50       |****************************************|',
    ]);
  });

  test('is wider, with shorter bars, where rows go past slot 32', () => {
    const last = (slot: number) => Array.from({ length: 64 }, (_, index) => BigInt(index === slot ? 3 : 0));
    expect(drawHistogram(last(32), log2)).toHaveLength(34);
    expect(drawHistogram(last(32), log2)[33]).toBe(
      '4294967296 -> 8589934591 : 3        |****************************************|',
    );
    const wide = drawHistogram(last(33), log2);
    expect(wide[0]).toBe('               (unit)                        : count    distribution');
    expect(wide[1]).toBe('                   0 -> 1                    : 0        |                    |');
    expect(wide[34]).toBe('          8589934592 -> 17179869183          : 3        |********************|');
  });

  test('counts one by one where it is linear', () => {
    expect(drawHistogram(big([0, 1]), { scale: 'linear', unit: 'cpus' })).toEqual([
      '     cpus                : count    distribution',
      '         0 -> 0          : 0        |                                        |',
      '         1 -> 1          : 1        |****************************************|',
    ]);
  });

  test('has no lines where there is nothing', () => {
    expect(drawHistogram(big([0, 0]), log2)).toEqual([]);
    expect(drawHistogram([], log2)).toEqual([]);
  });

  test('counts of 64 bits are exact', () => {
    expect(drawHistogram([2n ** 64n - 1n, 2n ** 63n], log2).slice(1)).toEqual([
      '         0 -> 1          : 18446744073709551615 |****************************************|',
      '         2 -> 3          : 9223372036854775808 |********************                    |',
    ]);
  });

  test('the ranges of the last slots have all their digits', () => {
    expect(rangeOf(0, 'log2')).toEqual({ low: '0', high: '1' });
    expect(rangeOf(63, 'log2')).toEqual({ low: '9223372036854775808', high: '18446744073709551615' });
  });

  test('any counts can be read back from the drawing, whose longest bar is full', () => {
    const counts = fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 80 });
    fc.assert(
      fc.property(counts, fc.constantFrom('log2' as const, 'linear' as const), (values, scale) => {
        const [heading, ...rows] = drawHistogram(values, { scale, unit: 'µs' });
        const shown = values.slice(0, values.findLastIndex((count) => count > 0n) + 1);
        expect(heading === undefined).toBe(shown.length === 0);
        expect(rows.map((row) => BigInt(/ : (\d+) +\|/.exec(row)?.[1] ?? -1))).toEqual(shown);
        const stars = shown.length <= 33 ? 40 : 20;
        const bars = rows.map((row) => /\|(\** *)\|$/.exec(row)?.[1] ?? '');
        expect(bars.every((bar) => bar.length === stars)).toBe(true);
        if (shown.length > 0) expect(bars).toContain('*'.repeat(stars));
        expect(rows.every((row) => row.length < longestLine(values.length))).toBe(true);
      }),
    );
  });
});
