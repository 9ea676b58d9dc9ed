import { describe, expect, test } from '@jest/globals';
import { timeNotation } from './timestamps.ts';

/** 2026-11-24T06:05:09.012345Z */
const US = Date.UTC(2026, 10, 24, 6, 5, 9) * 1000 + 12_345;

function written(name: Parameters<typeof timeNotation>[0], startUs = US - 1_500_000): string | undefined {
  return timeNotation(name, () => startUs)?.text(US);
}

describe('a time', () => {
  test.each([
    ['utc', '06:05:09'],
    ['iso', '2026-11-24T06:05:09.012345Z'],
    ['relative', '    1.500000'],
    ['none', undefined],
  ] as const)('%s', (name, expected) => {
    expect(written(name)).toBe(expected);
  });

  test("local is the machine's", () => {
    expect(written('local')).toMatch(/^\d\d:05:09$/);
  });

  test('relative never begins before the start', () => {
    expect(written('relative', US + 1)).toBe('    0.000000');
  });

  test('is as wide as it says', () => {
    for (const name of ['local', 'utc', 'iso', 'relative'] as const) {
      const notation = timeNotation(name, () => US);
      expect(notation?.text(US)).toHaveLength(notation?.width ?? 0);
    }
  });
});
