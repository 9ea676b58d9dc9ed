import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { startChild } from '../../test/harness/index.ts';
import { exchange, turnsOf } from './exchange.ts';
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
