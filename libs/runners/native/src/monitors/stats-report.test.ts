import { describe, expect, test } from '@jest/globals';
import { statsReport } from './stats-report.ts';

const counts = { events: 1500, bytes: 84_000, lost: 3, dropped: 0, filtered: 12 };

describe('statsReport', () => {
  test('aligns what came and what each program took', () => {
    const programs = [
      {
        name: 'on_exec',
        section: 'tp/sched/sched_process_exec',
        runCount: 1500,
        runTimeNs: 3_000_000,
        misses: 0,
      },
      { name: 'idle', section: 'xdp', runCount: 0, runTimeNs: 0, misses: 7 },
    ];
    expect(statsReport({ seconds: 2, counts, knowsLoss: true, programs })).toEqual([
      'EVENTS  EVENTS/S  BYTES  LOST  DROPPED  FILTERED  SECONDS',
      '  1500     750.0  84000     3        0        12    2.000',
      'PROGRAM  SECTION                      RUNS     MS  NS/RUN     CPU  MISSES',
      'on_exec  tp/sched/sched_process_exec  1500  3.000    2000  0.150%       0',
      'idle     xdp                             0  0.000       -  0.000%       7',
    ]);
  });

  test('says what is not known', () => {
    const lines = statsReport({ seconds: 0, counts, knowsLoss: false, programs: undefined });
    expect(lines[1]).toBe('  1500       0.0  84000     ?        0        12    0.000');
    expect(lines.slice(2)).toEqual([
      expect.stringMatching(/^LOST is not known: .*lost_events$/),
      expect.stringMatching(/^run times are not known: /),
    ]);
  });

  test('shows names safe for a terminal', () => {
    const program = { name: 'a\x1b[2J', section: 'b\n', runCount: 1, runTimeNs: 1, misses: 0 };
    const text = statsReport({ seconds: 1, counts, knowsLoss: true, programs: [program] }).join('');
    expect(text).toContain('a\\x1b[2J  b\\n');
  });
});
