import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { nearNames } from './near-names.ts';

describe('nearNames', () => {
  test.each([
    ['pacakge.json', ['package.json', 'readme'], ['package.json']],
    ['PID', ['pid', 'ppid', 'tid', 'uid', 'comm'], ['pid', 'ppid', 'tid']],
    ['sched_switchh', ['sched_switch', 'sched_wakeup'], ['sched_switch']],
    ['x', [], []],
    ['--json', ['--verbose'], []],
  ])('for %s among %j finds %j', (wanted, names, near) => {
    expect(nearNames(wanted, names)).toEqual(near);
  });

  test('puts the nearest first, and equally near ones in order', () => {
    expect(nearNames('event', ['events', 'evens', 'event', 'even'])).toEqual(['event', 'even', 'evens']);
  });

  test('finds a name among any others', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string()), (name, others) => {
        const near = nearNames(name, [...others, name]);
        expect(near[0]?.toLowerCase()).toBe(name.toLowerCase());
        expect(near.length).toBeLessThanOrEqual(3);
      }),
    );
  });

  test('takes no long time over long names', () => {
    const long = 'x'.repeat(1_000_000);
    expect(nearNames(long, [`${long}y`])).toHaveLength(1);
  });
});
