import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { startChild } from '../../test/harness/index.ts';
import { startExample } from './running-example.ts';

interface ExecEvent {
  readonly pid: number;
  readonly ppid: number;
  readonly exit_code: number;
  readonly duration_ns: number;
  readonly comm: string;
  readonly filename: string;
  readonly exit_event: boolean;
}

const SHELL = '/bin/sh';

describe('exec', () => {
  kernelTest('shows the start and the end of a process, with its exit code', async () => {
    const example = startExample<ExecEvent>('exec', ['--parent', String(process.pid)]);
    await example.untilEvent(isExit, () => spawnSync('true'));

    const before = process.hrtime.bigint();
    const { pid } = spawnSync(SHELL, ['-c', 'exit 3']);
    const atMostNs = Number(process.hrtime.bigint() - before);

    const all = await example.stop();
    expect(all.every(({ ppid }) => ppid === process.pid)).toBe(true);
    const events = all.filter((event) => event.pid === pid);
    const shared = { pid, ppid: process.pid, comm: 'sh' };
    expect(events).toEqual([
      { ...shared, exit_code: 0, duration_ns: 0, filename: SHELL, exit_event: false },
      { ...shared, exit_code: 3, duration_ns: expect.any(Number), filename: '', exit_event: true },
    ]);
    expect(events[1]?.duration_ns).toBeGreaterThan(0);
    expect(events[1]?.duration_ns).toBeLessThan(atMostNs);
  });

  kernelTest('shows a process that was killed as a shell does', async () => {
    const example = startExample<ExecEvent>('exec', ['--parent', String(process.pid)]);
    await example.untilEvent(isExit, () => spawnSync('true'));

    const child = startChild(SHELL, '-c', 'echo ready; read line');
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'close');

    const events = (await example.stop()).filter(({ pid }) => pid === child.pid);
    expect(events.map(({ exit_event, exit_code }) => [exit_event, exit_code])).toEqual([
      [false, 0],
      [true, 128 + 9],
    ]);
  });

  kernelTest('shows only the ends of processes that lived long enough', async () => {
    const args = ['--parent', String(process.pid), '--min-duration-ns', '100000000'];
    const example = startExample<ExecEvent>('exec', args);
    const lasting = () => spawnSync('sleep', ['0.1']);
    await example.untilEvent(isExit, lasting);

    const brief = spawnSync('true');
    const long = lasting();

    const events = await example.stop();
    expect(events.every(isExit)).toBe(true);
    expect(events.map(({ pid }) => pid)).not.toContain(brief.pid);
    expect(events.at(-1)).toMatchObject({ pid: long.pid, comm: 'sleep', exit_code: 0 });
  });
});

function isExit({ exit_event }: ExecEvent): boolean {
  return exit_event;
}
