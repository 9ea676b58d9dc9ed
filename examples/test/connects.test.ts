import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { startExample } from './running-example.ts';

interface ConnectEvent {
  readonly cgroup: number;
  readonly pid: number;
  readonly uid: number;
  readonly type: string;
  readonly port: number;
  readonly comm: string;
  readonly address: string;
}

/** Ports where nobody listens; to be asked is enough. */
const [READY, UDP, TCP] = [4000, 4242, 4243];

/** Connects from a process of its own, which moves to a cgroup first, and returns its id. */
function connectTo(places: readonly string[], cgroup?: string): number {
  const script = [
    ...(cgroup === undefined ? [] : [`echo $$ >${cgroup}/cgroup.procs`]),
    ...places.map((place) => `echo 2>/dev/null >/dev/${place}`),
    'true',
  ].join('\n');
  const { pid, status } = spawnSync('bash', ['-c', script], { timeout: 20_000 });
  if (status !== 0) throw new Error(`bash ended with ${status}`);
  return pid;
}

describe('connects', () => {
  let cgroup = '';
  beforeAll(() => {
    if (whyNoKernel()) return;
    const [, mount = ''] = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8')) ?? [];
    cgroup = join(mount, `ecli-examples-${process.pid}`);
    mkdirSync(cgroup);
  });
  afterAll(() => {
    if (cgroup !== '') rmdirSync(cgroup);
  });

  kernelTest('shows where the processes of a cgroup connect, and no others', async () => {
    const places = ['--attach', `connect4=${cgroup}`, '--attach', `connect6=${cgroup}`];
    const example = startExample<ConnectEvent>('connects', places);
    await example.untilEvent(
      ({ port }) => port === READY,
      () => connectTo([`udp/::1/${READY}`], cgroup),
    );

    const targets = [`udp/127.0.0.1/${UDP}`, `tcp/127.0.0.1/${TCP}`, `udp/::1/${UDP}`];
    const outside = connectTo(targets);
    const pid = connectTo(targets, cgroup);

    const events = await example.stop();
    const shared = { cgroup: statSync(cgroup).ino, pid, uid: 0, comm: 'bash' };
    expect(events.filter((event) => [pid, outside].includes(event.pid))).toEqual([
      { ...shared, type: 'DGRAM(2)', port: UDP, address: '127.0.0.1' },
      { ...shared, type: 'STREAM(1)', port: TCP, address: '127.0.0.1' },
      { ...shared, type: 'DGRAM(2)', port: UDP, address: '0000:0000:0000:0000:0000:0000:0000:0001' },
    ]);
  });

  kernelTest('shows all processes, and one port, when asked to', async () => {
    const example = startExample<ConnectEvent>('connects', ['--port', String(UDP)]);
    const places = [`udp/127.0.0.1/${TCP}`, `udp/127.0.0.1/${UDP}`];
    const pids: number[] = [];
    await example.untilEvent(
      ({ pid }) => pids.includes(pid),
      () => pids.push(connectTo(places)),
    );
    const events = await example.stop();
    expect(new Set(events.map(({ port }) => port))).toEqual(new Set([UDP]));
  });
});
