import { describe, expect, test } from '@jest/globals';
import type { ProgramCounts } from '@ecli/core';
import { StatusLine } from './status-line.ts';

const counts = (given: Partial<ProgramCounts>): ProgramCounts => ({
  ...{ events: 0, bytes: 0, lost: 0, dropped: 0, filtered: 0 },
  ...given,
});

describe('StatusLine', () => {
  test('tells the rate of the last second, and at the end of the whole time', () => {
    const line = new StatusLine('opens', false, 0);
    let text = '';
    // 1,000 a second for two seconds, then 8,000.
    for (let step = 1; step <= 12; step++) {
      const events = step <= 8 ? step * 250 : 2000 + (step - 8) * 2000;
      text = line.update(counts({ events }), step * 250);
    }
    expect(text).toBe('opens  8,000 events/s  10,000 events  00:03');
    expect(line.finish(counts({ events: 10_000 }), 4000)).toBe('opens  2,500 events/s  10,000 events  00:04');
  });

  test('tells what was filtered out and dropped where anything was', () => {
    const line = new StatusLine('x', false, 0);
    expect(line.update(counts({ events: 1, lost: 2, dropped: 3, filtered: 1_234_567 }), 1000)).toBe(
      'x  1 events/s  1 event  1,234,567 filtered out  3 dropped  2 lost  00:01',
    );
  });

  test.each([
    [0, '00:00'],
    [59_999, '00:59'],
    [3_599_999, '59:59'],
    [3_600_000, '1:00:00'],
    [100 * 3_600_000 + 61_000, '100:01:01'],
  ])('writes %i ms as %s', (ms, text) => {
    expect(new StatusLine('x', false, 0).finish(counts({}), ms)).toMatch(new RegExp(` ${text}$`));
  });

  test('shows loss in red', () => {
    const line = new StatusLine('x', true, 0);
    expect(line.update(counts({}), 1)).not.toContain('\x1b[31m');
    expect(line.update(counts({ lost: 1 }), 2)).toContain('\x1b[31m1 lost\x1b[0m');
  });
});
