import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { runCli, startChild } from '../../test/harness/index.ts';
import { asleep, exchange } from './exchange.ts';
import { exampleSource } from './running-example.ts';

interface Row {
  readonly pid: number;
  readonly tid: number;
  readonly ppid: number;
  readonly threads: number;
  readonly state: string;
  readonly comm: string;
}

/** Runs the example, which ends by itself. */
async function tasks(...args: readonly string[]): Promise<Row[]> {
  const { code, stdout, stderr } = await runCli(['run', exampleSource('tasks'), ...args]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const [header = '', ...lines] = stdout.trimEnd().split('\n');
  expect(header.trim().split(/ +/)).toEqual(['PID', 'TID', 'PPID', 'THREADS', 'S', 'COMM']);
  return lines.map((line) => {
    const [, pid, tid, ppid, threads, state = '', comm = ''] =
      /^ *(\d+) +(\d+) +(\d+) +(\d+) (\S) (.*)$/.exec(line) ?? [];
    return { pid: Number(pid), tid: Number(tid), ppid: Number(ppid), threads: Number(threads), state, comm };
  });
}

describe('tasks', () => {
  kernelTest('shows each process once, and ends', async () => {
    const sleeper = startChild('cat');
    await exchange(sleeper);
    await asleep(sleeper);
    const stopped = startChild('cat');
    await exchange(stopped);
    stopped.kill('SIGSTOP');

    const rows = await tasks();

    const shared = { ppid: process.pid, threads: 1, comm: 'cat' };
    const rowsOf = (wanted: number | undefined) => rows.filter(({ pid }) => pid === wanted);
    expect(rowsOf(sleeper.pid)).toEqual([{ ...shared, pid: sleeper.pid, tid: sleeper.pid, state: 'S' }]);
    expect(rowsOf(stopped.pid)).toEqual([{ ...shared, pid: stopped.pid, tid: stopped.pid, state: 'T' }]);
    expect(new Set(rows.map(({ pid }) => pid)).size).toBe(rows.length);
    sleeper.stdin.end();
    stopped.kill('SIGKILL');
    await once(stopped, 'close');
  });

  kernelTest('shows each thread when asked to', async () => {
    const rows = (await tasks('--threads')).filter(({ pid }) => pid === process.pid);
    const ids = readdirSync(`/proc/${process.pid}/task`).map(Number);
    expect(rows.map(({ tid }) => tid).sort()).toEqual(ids.sort());
    const comm = readFileSync(`/proc/${process.pid}/comm`, 'utf8').trim();
    const first = rows.find(({ tid }) => tid === process.pid);
    expect(first).toMatchObject({ tid: process.pid, ppid: process.ppid, threads: ids.length, comm });
  });
});
