import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { readFileSync } from 'node:fs';
import { startChild } from '../../test/harness/index.ts';
import { startExample } from './running-example.ts';

interface Lengths {
  /** Of each CPU. */
  readonly value: readonly { readonly slots: readonly number[] }[];
}

const BUSY = 3;

/** The first CPU that this process may run on. */
function firstCpu(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  return /^Cpus_allowed_list:\s+(\d+)/m.exec(status)?.[1] ?? '0';
}

function total({ value }: Lengths): number {
  return value.flatMap(({ slots }) => slots).reduce((sum, count) => sum + count, 0);
}

describe('runqlen', () => {
  kernelTest('counts how many threads wait for a CPU', async () => {
    const cpu = firstCpu();
    const children = Array.from({ length: BUSY }, () =>
      startChild('taskset', '-c', cpu, 'sh', '-c', 'while :; do :; done'),
    );
    const args = ['--cpu', cpu, '--frequency', '499'];
    const example = startExample<Lengths>('runqlen', args);
    await example.untilEvent((lengths) => total(lengths) > 100);

    const [last] = (await example.stop()).slice(-1);
    for (const child of children) child.kill('SIGKILL');
    // One of them runs, so that two or more others wait at any time.
    const shorter = last?.value.flatMap(({ slots }) => slots.slice(0, BUSY - 1)) ?? [];
    expect(shorter.reduce((sum, count) => sum + count, 0)).toBe(0);
    // Each CPU has a value, and only the one that was asked for counts.
    expect(last?.value.filter(({ slots }) => slots.some((count) => count > 0))).toHaveLength(1);
    expect(last?.value[Number(cpu)]?.slots.some((count) => count > 0)).toBe(true);
  });
});
