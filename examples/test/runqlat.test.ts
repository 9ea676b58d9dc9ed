import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { startChild, startCli } from '../../test/harness/index.ts';
import { exchange, turnsOf } from './exchange.ts';
import { exampleSource, startExample } from './running-example.ts';

interface Waits {
  readonly key: { readonly pid_t: number };
  readonly value: { readonly comm: string; readonly slots: readonly number[] };
}

const EXCHANGES = 20;

describe('runqlat', () => {
  kernelTest('counts each time that a thread gets a CPU', async () => {
    const example = startExample<Waits>('runqlat', ['--per-process']);
    const beacon = startChild('cat');
    await example.untilEvent(
      ({ key }) => key.pid_t === beacon.pid,
      () => exchange(beacon),
    );
    beacon.stdin.end();

    // It starts after the example has attached, so that each of its turns is counted.
    const child = startChild('cat');
    for (let count = 0; count < EXCHANGES; count++) await exchange(child);
    const turns = await turnsOf(child);

    const waits = (await example.stop()).findLast(({ key }) => key.pid_t === child.pid);
    child.stdin.end();
    expect(waits?.value.comm).toBe('cat');
    expect(waits?.value.slots.reduce((sum, count) => sum + count)).toBe(turns);
  });

  kernelTest('draws one histogram of all processes', async () => {
    const cli = startCli(['run', exampleSource('runqlat')]);
    const child = startChild('cat');
    await cli.untilLine(/^ +\d+ -> \d+ +: [1-9]\d* +\|\*+ *\|$/, () => exchange(child));
    cli.signal('SIGINT');
    const { stdout } = await cli.result;
    expect(stdout).toMatch(/^key = {2}0\ncomm = all processes\n\n {5}usecs +: count {4}distribution\n/);
    expect(new Set(stdout.match(/^key = .*$/gm))).toEqual(new Set(['key =  0']));
  });
});
