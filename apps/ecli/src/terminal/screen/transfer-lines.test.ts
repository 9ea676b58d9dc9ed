import { beforeEach, describe, expect, test } from '@jest/globals';
import type { TransferState } from '@ecli/core';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { Transfers } from '../transfers.ts';
import { endedLines, runningLines } from './transfer-lines.ts';

const MIB = 1024 * 1024;
let transfers: Transfers;

beforeEach(() => {
  transfers = new Transfers();
});

function take(
  id: string,
  state: TransferState,
  bytes: number,
  totalBytes: number | undefined,
  nowMs = 0,
): void {
  transfers.take({ id, name: id, state, bytes, ...(totalBytes !== undefined && { totalBytes }) }, nowMs);
}

describe('the lines of transfers', () => {
  test('say how far one is, how fast, and how long it will take', () => {
    take('package.json', 'running', 0, 40 * MIB);
    expect(runningLines(transfers, 0, 100)).toEqual([
      'package.json  [                    ]    0%         0 B of 40 MiB            0 B/s  --:--',
    ]);
    take('package.json', 'running', 10 * MIB, 40 * MIB, 900);
    expect(runningLines(transfers, 1000, 100)).toEqual([
      'package.json  [====>               ]   25%      10 MiB of 40 MiB         10 MiB/s  00:03',
    ]);
    expect(runningLines(transfers, 1000, 80)).toEqual([
      'package.json   25%      10 MiB of 40 MiB         10 MiB/s  00:03',
    ]);
  });

  test('count the rate of the last seconds alone, and none of what was there before', () => {
    take('x', 'running', 100 * MIB, 200 * MIB);
    for (const [ms, mib] of [
      [1000, 101],
      [2000, 102],
      [3000, 112],
      [4000, 122],
    ] as const) {
      take('x', 'running', mib * MIB, 200 * MIB, ms);
      runningLines(transfers, ms, 80);
    }
    expect(runningLines(transfers, 4000, 80)[0]).toContain('10 MiB/s  00:08');
  });

  test('say of one without a known size what has come', () => {
    take('x', 'running', 5 * MIB, undefined);
    expect(runningLines(transfers, 0, 100)).toEqual([expect.stringMatching(/^x {2} +5 MiB {2} +0 B\/s$/)]);
  });

  test('are one more where there are several, for all', () => {
    take('a', 'running', MIB, 2 * MIB);
    take('layer', 'running', MIB, 6 * MIB);
    expect(runningLines(transfers, 0, 80)).toEqual([
      expect.stringMatching(/^a +50% /),
      expect.stringMatching(/^layer +16% /),
      expect.stringMatching(/^all +25% +2 MiB of 8 MiB /),
    ]);
  });

  test('say once of each how it ended, unless it was done at once', () => {
    take('a', 'running', 0, MIB);
    take('a', 'done', MIB, MIB, 1500);
    take('short', 'running', 0, MIB);
    take('short', 'done', MIB, MIB, 299);
    take('b', 'exists', 0, MIB);
    take('c', 'mounted', 0, MIB);
    take('\x1b', 'failed', 5, undefined);
    expect(transfers.running).toEqual([]);
    expect(endedLines(transfers)).toEqual([
      'a      done     1 MiB in 1.5 s',
      'b      exists   1 MiB',
      'c      mounted  1 MiB',
      '\\x1b   stopped  5 B of 5 B',
    ]);
    expect(endedLines(transfers)).toEqual([]);
  });

  test('have none for the config that all programs have, which was there before', () => {
    take('{}', 'exists', 0, 2);
    take('{}', 'mounted', 0, 2);
    expect(endedLines(transfers)).toEqual([]);
  });

  test('begin anew when the same content goes to another place', () => {
    for (const startMs of [0, 1000]) {
      take('a', 'running', 0, MIB, startMs);
      expect(transfers.running).toHaveLength(1);
      take('a', 'done', MIB, MIB, startMs + 500);
    }
    expect(endedLines(transfers)).toEqual(['a  done     1 MiB in 0.5 s', 'a  done     1 MiB in 0.5 s']);
  });

  test('hold no surprises, whatever is reported', () => {
    const state = fc.constantFrom<TransferState>('running', 'running', 'done', 'exists', 'mounted', 'failed');
    const report = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      name: fc.string({ unit: 'grapheme', maxLength: 60 }),
      bytes: fc.nat(),
      totalBytes: fc.option(fc.nat(), { nil: undefined }),
      state,
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(report, fc.nat(5000))), (reports) => {
        const any = new Transfers();
        let nowMs = 0;
        for (const [progress, ms] of reports) {
          any.take(progress, (nowMs += ms));
          for (const line of [...runningLines(any, nowMs, 100), ...endedLines(any)]) {
            expect(line.slice(30)).not.toMatch(/NaN|Infinity|undefined| -\d|\n/);
            expect(stringWidth(line)).toBeLessThan(160);
          }
        }
      }),
    );
  });
});
