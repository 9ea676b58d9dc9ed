import { afterAll, afterEach, beforeAll, describe, expect } from '@jest/globals';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { attachFilter, findInterface, inNetworkNamespace, removeLeftOvers } from '../src/index.ts';
import { kernelTest } from '../src/testing/index.ts';
import { Child } from './child.ts';
import { compile, expectNothingLeftOpen, open } from './harness.ts';
import { Network } from './network.ts';

/** Attaches in the way that its first argument names, and has no chance to detach. */
const CRASH = `
const { execFileSync } = await import('node:child_process');
const [way, path, namespace] = process.argv.slice(2);
const load = () => { const object = bpf.openObject(fs.readFileSync(path), { name: 'crash' }); object.load(); return object; };
const object = load();
const at = bpf.inNetworkNamespace(namespace, () => bpf.findInterface('near0'));
if (way === 'tc') {
  bpf.attachFilter(object.program('filter'), { interface: at, namespace, point: 'egress', handle: 3, priority: 4 });
} else {
  const old = load().program('pass');
  const id = /prog_id:\\s*(\\d+)/.exec(fs.readFileSync('/proc/self/fdinfo/' + old.fd, 'utf8'))[1];
  const attach = ['bpftool', 'net', 'attach', 'xdp', 'id', id, 'dev', 'near0'];
  execFileSync('nsenter', ['--net=' + namespace, ...attach]);
  bpf.attachXdp(object.program('pass'), { interface: at, namespace, flags: 0, oldProgram: old.fd });
}
process.kill(process.pid, 'SIGKILL');`;

const NEXT_START = `bpf.removeLeftOvers((line) => console.log(line));`;

const PROGRAMS = `
  SEC("tc") int filter(struct __sk_buff *skb) { return -1; }
  SEC("xdp") int pass(struct xdp_md *ctx) { return 2; }`;
/** Of another tag. */
const OTHER = 'SEC("tc") int other(struct __sk_buff *skb) { return skb->len > 7 ? -1 : 0; }';

const network = new Network();
let crash: Child;
let nextStart: Child;
let folder: string;

expectNothingLeftOpen();
beforeAll(() => {
  crash = new Child(CRASH);
  nextStart = new Child(NEXT_START);
  folder = mkdtempSync(join(tmpdir(), 'ecli-bpf-'));
  mkdirSync(join(folder, 'run'));
  writeFileSync(join(folder, 'crash.bpf.o'), compile(PROGRAMS));
});
afterEach(() => {
  rmSync(records(), { recursive: true, force: true });
});
afterAll(() => {
  crash.close();
  nextStart.close();
  rmSync(folder, { recursive: true });
});

function records(): string {
  return join(folder, 'run/attached');
}

/** Runs where /run/ecli is the test's own, so that no other ecli cleans up first. */
function run(
  child: Child,
  ...args: readonly string[]
): { signal: string | null; stdout: string; stderr: string } {
  const before = `mkdir -p /run/ecli && mount --bind ${join(folder, 'run')} /run/ecli`;
  return child.run({ args, before });
}

function crashWith(way: 'tc' | 'xdp', namespace = network.path): void {
  const { signal, stderr } = run(crash, way, join(folder, 'crash.bpf.o'), namespace);
  expect([signal, stderr]).toEqual(['SIGKILL', '']);
}

function start(): string[] {
  const { stdout, stderr } = run(nextStart);
  expect(stderr).toBe('');
  return stdout.split('\n').slice(0, -1);
}

/** Attaches in this process, beside or in place of what the crash left. */
function attachOther(): () => void {
  const object = open(OTHER);
  object.load();
  const at = inNetworkNamespace(network.path, () => findInterface('near0'));
  const [program] = object.programs;
  if (!program) throw new Error('no program');
  const options = {
    interface: at,
    namespace: network.path,
    point: 'egress',
    handle: 3,
    priority: 4,
  } as const;
  const link = attachFilter(program, options);
  return () => link.destroy();
}

const filters = (): string => network.run('tc filter show dev near0 egress');
const qdiscs = (): string => network.run('tc qdisc show dev near0');

describe('the start after a crash', () => {
  kernelTest('removes a filter and the qdisc that was made for it', () => {
    crashWith('tc');
    expect(filters()).toMatch(/pref 4 bpf [^]*handle 0x3 filter/);
    expect(start()).toEqual([
      'removed a tc filter on near0 that an ecli left which is gone',
      'removed a clsact qdisc on near0 that an ecli left which is gone',
    ]);
    expect(qdiscs()).not.toContain('clsact');
    expect(readdirSync(records())).toEqual([]);
    expect(start()).toEqual([]);
  });

  kernelTest('removes an XDP program that was attached by netlink', () => {
    crashWith('xdp');
    expect(network.run('bpftool net show dev near0')).toMatch(/near0\(\d+\) driver id/);
    expect(start()).toEqual(['removed an XDP program on near0 that an ecli left which is gone']);
    expect(network.run('bpftool net show dev near0')).not.toContain('driver id');
    expect(readdirSync(records())).toEqual([]);
  });

  kernelTest('leaves a qdisc that was there before', () => {
    network.run('tc qdisc add dev near0 clsact');
    crashWith('tc');
    expect(start()).toEqual(['removed a tc filter on near0 that an ecli left which is gone']);
    expect(qdiscs()).toContain('clsact');
    network.run('tc qdisc delete dev near0 clsact');
  });

  kernelTest('leaves a filter of somebody else with the same handle and priority', () => {
    crashWith('tc');
    network.run('tc filter delete dev near0 egress');
    const detach = attachOther();
    expect(start()).toEqual([]);
    expect(filters()).toMatch(/pref 4 bpf [^]*handle 0x3 other/);
    detach();
    // What is left is a qdisc of the one that crashed.
    expect(start()).toEqual(['removed a clsact qdisc on near0 that an ecli left which is gone']);
    expect(qdiscs()).not.toContain('clsact');
  });

  kernelTest('leaves what the process that attached it still uses', () => {
    const detach = attachOther();
    removeLeftOvers();
    expect(filters()).toContain('other');
    detach();
    expect(qdiscs()).not.toContain('clsact');
  });

  kernelTest('forgets what went with its interface', () => {
    crashWith('tc');
    network.run('ip link delete near0');
    expect(start()).toEqual([]);
    expect(readdirSync(records())).toEqual([]);
    network.run('ip link add near0 type veth peer name far0');
  });

  kernelTest('forgets what it can not read, and heeds no folder that others may write to', () => {
    crashWith('tc');
    writeFileSync(join(records(), 'half.json'), '{"kind":"filter","names');
    writeFileSync(join(records(), 'other.json'), '[]');
    chmodSync(records(), 0o777);
    expect(start()).toEqual([]);
    expect(filters()).toContain('filter');
    chmodSync(records(), 0o700);
    expect(start()).toHaveLength(2);
    expect(readdirSync(records())).toEqual([]);
  });
});
