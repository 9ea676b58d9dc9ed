import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { startChild } from '../../test/harness/index.ts';
import { startExample } from './running-example.ts';

interface SignalEvent {
  readonly pid: number;
  readonly target_pid: number;
  readonly sig: number;
  readonly code: number;
  readonly result: string;
  readonly comm: string;
  readonly target_comm: string;
}

const { SIGTERM, SIGUSR1, SIGWINCH } = constants.signals;
const SI_USER = 0;

describe('signals', () => {
  kernelTest('shows who signals whom, and what becomes of it', async () => {
    const child = await shellThatIgnoresUsr1();
    const example = startExample<SignalEvent>('signals', ['--pid', String(process.pid)]);
    await example.untilEvent(
      ({ sig }) => sig === SIGWINCH,
      () => child.kill('SIGWINCH'),
    );

    child.kill('SIGUSR1');
    child.kill('SIGTERM');
    await once(child, 'close');

    const events = (await example.stop()).filter(
      (event) => event.target_pid === child.pid && event.sig !== SIGWINCH,
    );
    const shared = {
      pid: process.pid,
      target_pid: child.pid,
      code: SI_USER,
      comm: expect.any(String),
      target_comm: 'sh',
    };
    expect(events).toEqual([
      { ...shared, sig: SIGUSR1, result: 'IGNORED(1)' },
      { ...shared, sig: SIGTERM, result: 'DELIVERED(0)' },
    ]);
  });

  kernelTest('shows only the signal and the target that are asked for', async () => {
    const child = await shellThatIgnoresUsr1();
    const other = await shellThatIgnoresUsr1();
    const args = ['--signal', String(SIGUSR1), '--target', String(child.pid)];
    const example = startExample<SignalEvent>('signals', args);
    await example.untilEvent(
      () => true,
      () => [other.kill('SIGUSR1'), child.kill('SIGWINCH'), child.kill('SIGUSR1')],
    );

    const shown = (await example.stop()).map(({ sig, target_pid }) => `${sig} to ${target_pid}`);
    expect(new Set(shown)).toEqual(new Set([`${SIGUSR1} to ${child.pid}`]));
  });
});

async function shellThatIgnoresUsr1(): Promise<ChildProcess> {
  const child = startChild('/bin/sh', '-c', 'trap "" USR1; echo ready; read line');
  await once(child.stdout, 'data');
  return child;
}
