import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { eventually, startChild } from '../../test/harness/index.ts';
import { startExample } from './running-example.ts';

interface WaitEvent {
  readonly wait_us: number;
  readonly cpu: number;
  readonly pid: number;
  readonly tid: number;
  readonly previous_tid: number;
  readonly comm: string;
  readonly previous_comm: string;
}

const EXCHANGES = 20;

describe('runqueue', () => {
  kernelTest('shows each time that a thread gets a CPU', async () => {
    const example = startExample<WaitEvent>('runqueue', ['--min-us', '0']);
    const beacon = startChild('cat');
    await example.untilEvent(
      ({ pid }) => pid === beacon.pid,
      () => exchange(beacon),
    );
    beacon.stdin.end();

    // It starts after the example has attached, so that each of its turns is seen.
    const child = startChild('cat');
    for (let count = 0; count < EXCHANGES; count++) await exchange(child);
    const turns = await turnsOf(child);

    const events = (await example.stop()).filter(({ tid }) => tid === child.pid);
    child.stdin.end();
    expect(events).toHaveLength(turns);
    expect(turns).toBeGreaterThanOrEqual(EXCHANGES);
    for (const event of events) expect(event).toMatchObject({ pid: child.pid, tid: child.pid });
    expect(events.at(-1)?.comm).toBe('cat');
  });

  kernelTest('shows one process, and only long waits, when asked to', async () => {
    const child = startChild('cat');
    const example = startExample<WaitEvent>('runqueue', ['--pid', String(child.pid), '--min-us', '1']);
    await example.untilEvent(
      ({ pid }) => pid === child.pid,
      () => exchange(child),
    );
    child.stdin.end();

    const events = await example.stop();
    expect(events.every(({ pid, wait_us }) => pid === child.pid && wait_us >= 1)).toBe(true);
  });
});

/** Has `cat` wake up, answer and go to sleep again. */
async function exchange(cat: ChildProcessWithoutNullStreams): Promise<void> {
  const answer = once(cat.stdout, 'data');
  cat.stdin.write('.');
  await answer;
}

/**
 * How often a thread that sleeps has been given a CPU: as often as it has left one, which proc(5) counts by
 * whether it left to wait for something or had to make room.
 */
async function turnsOf({ pid }: ChildProcessWithoutNullStreams): Promise<number> {
  const status = await eventually('the child sleeps', () => {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return /^State:\s+S/m.test(text) && text;
  });
  const counts = [...status.matchAll(/^(?:non)?voluntary_ctxt_switches:\s+(\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
