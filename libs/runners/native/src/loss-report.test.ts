import { describe, expect, test } from '@jest/globals';
import { LossReport } from './loss-report.ts';

describe('LossReport', () => {
  const report = (): LossReport => new LossReport('lost', 'no room');

  test('says each loss at most once a second', () => {
    const loss = report();
    expect(loss.update(0, 0)).toBeUndefined();
    expect(loss.update(1, 10)).toBe('1 event lost: no room');
    expect(loss.update(5, 500)).toBeUndefined();
    expect(loss.update(6, 1010)).toBe('5 events lost: no room');
    expect(loss.update(6, 9000)).toBeUndefined();
  });

  test('ends with what was not said, and with all of them where there were several lines', () => {
    const loss = report();
    loss.update(2, 0);
    expect(loss.finish(5)).toEqual(['3 events lost: no room', '5 events lost in all']);
  });

  test('does not say one line twice', () => {
    const loss = report();
    loss.update(2, 0);
    expect(loss.finish(2)).toEqual([]);
    expect(report().finish(2)).toEqual(['2 events lost: no room']);
    expect(report().finish(0)).toEqual([]);
  });
});
