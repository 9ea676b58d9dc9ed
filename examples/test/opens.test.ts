import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../test/harness/index.ts';
import { startExample } from './running-example.ts';

interface OpenEvent {
  readonly pid: number;
  readonly uid: number;
  readonly ret: number;
  readonly flags: number;
  readonly comm: string;
  readonly filename: string;
}

const { O_CREAT, O_RDONLY, O_WRONLY } = constants;
/** The bits of the flags that hold O_RDONLY, O_WRONLY or O_RDWR. */
const O_ACCMODE = 3;
const ENOENT = 2;

describe('opens', () => {
  const folder = temporaryFolder();
  const path = (name: string) => join(folder, name);
  const inFolder = ({ filename }: OpenEvent) => filename.startsWith(path('wanted'));

  kernelTest('shows what one process opens, and with what result', async () => {
    const example = startExample<OpenEvent>('opens', ['--pid', String(process.pid)]);
    await example.untilEvent(
      ({ filename }) => filename === path('ready'),
      () => tryOpen(path('ready')),
    );

    const created = tryOpen(path('wanted-new'), O_CREAT | O_WRONLY);
    const missing = tryOpen(path('wanted-missing/file'));
    const read = tryOpen(path('wanted-new'));
    spawnSync('cat', [path('wanted-new')]);

    const all = await example.stop();
    expect(all.every(({ pid }) => pid === process.pid)).toBe(true);
    const events = all.filter(inFolder);
    const shared = { pid: process.pid, uid: process.getuid?.(), comm: expect.any(String) };
    expect(events).toEqual([
      { ...shared, ret: created, flags: expect.any(Number), filename: path('wanted-new') },
      { ...shared, ret: -ENOENT, flags: expect.any(Number), filename: path('wanted-missing/file') },
      { ...shared, ret: read, flags: expect.any(Number), filename: path('wanted-new') },
    ]);
    expect(missing).toBeUndefined();
    expect(events.map(({ flags }) => flags & (O_ACCMODE | O_CREAT))).toEqual([
      O_CREAT | O_WRONLY,
      O_RDONLY,
      O_RDONLY,
    ]);
  });

  kernelTest('shows only failed calls when asked to', async () => {
    const example = startExample<OpenEvent>('opens', ['--pid', String(process.pid), '--failed']);
    await example.untilEvent(
      ({ filename }) => filename === path('ready/never'),
      () => tryOpen(path('ready/never')),
    );

    tryOpen(path('wanted-created'), O_CREAT | O_WRONLY);
    tryOpen(path('wanted-absent'));

    const all = await example.stop();
    expect(all.every(({ ret }) => ret < 0)).toBe(true);
    const events = all.filter(inFolder);
    expect(events.map(({ ret, filename }) => [ret, filename])).toEqual([[-ENOENT, path('wanted-absent')]]);
  });

  kernelTest('shows every process when none is named', async () => {
    const example = startExample<OpenEvent>('opens', []);
    const wanted = path('wanted-by-cat');
    const { pid, comm } = await example.untilEvent(
      ({ filename }) => filename === wanted,
      () => spawnSync('cat', [wanted]),
    );
    expect(pid).not.toBe(process.pid);
    expect(comm).toBe('cat');
    await example.stop();
  });
});

/** Opens and closes at once; returns the descriptor, or undefined when that fails. */
function tryOpen(path: string, flags = O_RDONLY): number | undefined {
  try {
    const descriptor = openSync(path, flags);
    closeSync(descriptor);
    return descriptor;
  } catch {
    return undefined;
  }
}
