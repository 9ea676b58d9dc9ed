import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { startCli, temporaryFolder } from '../../test/harness/index.ts';
import { exampleSource, startExample } from './running-example.ts';

interface FileEvent {
  readonly opens?: {
    readonly pid: number;
    readonly fd: number;
    readonly comm: string;
    readonly name: string;
  };
  readonly closes?: {
    readonly open_us: number;
    readonly pid: number;
    readonly fd: number;
    readonly comm: string;
  };
}

describe('files', () => {
  const folder = temporaryFolder();
  const [ready, file] = [join(folder, 'ready'), join(folder, 'file')];
  const touch = (path: string): number => {
    const fd = openSync(path, 'w');
    closeSync(fd);
    return fd;
  };

  kernelTest('shows what is opened and what is closed, each by its own members', async () => {
    const example = startExample<FileEvent>('files', ['--pid', String(process.pid)]);
    await example.untilEvent(
      ({ opens }) => opens?.name === ready,
      () => touch(ready),
    );
    const fds = [touch(file), touch(file)];
    expect(() => openSync(join(folder, 'none', 'file'), 'r')).toThrow('ENOENT');

    const events = await example.stop();
    const opens = events.flatMap(({ opens }) =>
      opens?.name.startsWith(folder) && opens.name !== ready ? [opens] : [],
    );
    // What isn't there is not opened.
    expect(opens).toMatchObject(fds.map((fd) => ({ pid: process.pid, fd, name: file })));
    const closes = events.flatMap(({ closes }) => closes ?? []);
    expect(closes.slice(-2)).toMatchObject(fds.map((fd) => ({ pid: process.pid, fd })));
    for (const { open_us } of closes) expect(open_us).toBeGreaterThanOrEqual(0);
    // An event is of one kind: one key a line, which is the map's name.
    expect(new Set(events.map((event) => Object.keys(event).join()))).toEqual(new Set(['opens', 'closes']));
  });

  kernelTest('shows one kind when asked to, without the name of its map', async () => {
    const args = ['run', '--map', 'closes', exampleSource('files'), '--pid', String(process.pid)];
    const cli = startCli(args);
    await cli.untilLine(new RegExp(` ${process.pid} `), () => touch(file));
    cli.signal('SIGINT');
    const { stdout } = await cli.result;
    expect(stdout).toMatch(/^TIME +OPEN_US PID +FD +COMM/);
  });
});
