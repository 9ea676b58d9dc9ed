import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { readlinkSync, rmdirSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/harness/index.ts';
import { startExample } from './running-example.ts';

interface FailureEvent {
  readonly pid: number;
  readonly tid: number;
  readonly syscall: number;
  readonly error: string;
  readonly comm: string;
}

const { EINVAL, ENOTEMPTY } = constants.errno;

describe('failures', () => {
  const folder = temporaryFolder();
  const file = join(folder, 'file');
  writeFileSync(file, '');

  /** readlink(2) of what is no link. */
  const failWithInvalid = () => expect(() => readlinkSync(file)).toThrow('EINVAL');
  /** rmdir(2) of a folder that holds a file. */
  const failWithNotEmpty = () => expect(() => rmdirSync(folder)).toThrow('ENOTEMPTY');

  kernelTest('shows each failed call of a process by the name of its error', async () => {
    const example = startExample<FailureEvent>('failures', ['--pid', String(process.pid)]);
    await example.untilEvent(({ error }) => error === `EINVAL(${EINVAL})`, failWithInvalid);

    for (let count = 0; count < 3; count++) failWithNotEmpty();

    const all = await example.stop();
    expect(all.every(({ pid }) => pid === process.pid)).toBe(true);
    const events = all.filter(({ error }) => error === `ENOTEMPTY(${ENOTEMPTY})`);
    expect(events).toHaveLength(3);
    expect(new Set(events.map(({ syscall }) => syscall)).size).toBe(1);
    for (const event of events) expect(event).toMatchObject({ pid: process.pid, tid: events[0]?.tid });
  });

  kernelTest('shows only the error that is asked for', async () => {
    const args = ['--pid', String(process.pid), '--error', String(ENOTEMPTY)];
    const example = startExample<FailureEvent>('failures', args);
    let count = 0;
    await example.untilEvent(
      () => true,
      () => {
        failWithInvalid();
        failWithNotEmpty();
        count++;
      },
    );
    const events = await example.stop();
    expect(new Set(events.map(({ error }) => error))).toEqual(new Set([`ENOTEMPTY(${ENOTEMPTY})`]));
    expect(events.length).toBeLessThanOrEqual(count);
  });
});
