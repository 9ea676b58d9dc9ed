import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { probeFeature } from '../src/index.ts';
import { kernelTest } from '../src/testing/index.ts';
import { hasStructOpsLinks } from '../src/tracing/struct-ops.ts';
import { Child } from './child.ts';
import { compile } from './harness.ts';

const NAME = `ecli_${process.pid}`;
const CONGESTION = `
  char LICENSE[] SEC("license") = "GPL";
  SEC("struct_ops/ssthresh") __u32 BPF_PROG(ssthresh, struct sock *sk) { return 2; }
  SEC("struct_ops/undo") __u32 BPF_PROG(undo, struct sock *sk) { return 2; }
  SEC("struct_ops/avoid") int BPF_PROG(avoid, struct sock *sk, __u32 ack, __u32 acked) { return 0; }
  SEC(".struct_ops") struct tcp_congestion_ops congestion = {
    .ssthresh = (void *)ssthresh, .undo_cwnd = (void *)undo, .cong_avoid = (void *)avoid, .name = "${NAME}",
  };`;

/** Registers, says so, and is killed. */
const REGISTER = `
  const object = bpf.openObject(fs.readFileSync(process.argv[2]), { name: 'test' });
  const map = object.map('congestion');
  bpf.prepareStructOps(map);
  object.load();
  object.register(map);
  fs.writeSync(1, fs.readFileSync('/proc/sys/net/ipv4/tcp_available_congestion_control'));
  process.kill(process.pid, 'SIGKILL');`;

function available(): string {
  return execFileSync('cat', ['/proc/sys/net/ipv4/tcp_available_congestion_control'], { encoding: 'utf8' });
}

describe('a registration of struct_ops', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ecli-bpf-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  kernelTest('ends with its process, also where that is killed', () => {
    if (probeFeature('struct_ops') === 'no' || !hasStructOpsLinks(release())) return;
    const child = new Child(REGISTER);
    try {
      const path = join(folder, 'test.bpf.o');
      writeFileSync(path, compile(CONGESTION));
      const { stdout, signal } = child.run({ args: [path] });
      expect(signal).toBe('SIGKILL');
      expect(stdout).toContain(NAME);
    } finally {
      child.close();
    }
    // The kernel takes it from its list when the last descriptor goes, a moment after the process.
    const limit = Date.now() + 5000;
    while (available().includes(NAME) && Date.now() < limit);
    expect(available()).not.toContain(NAME);
  });

  test.each([
    ['6.4.0', true],
    ['6.18.44-generic', true],
    ['7.0-rc1', true],
    ['6.3.13', false],
    ['5.15.0-1', false],
  ])('is held by a link on Linux %s: %p', (kernel, held) => {
    expect(hasStructOpsLinks(kernel)).toBe(held);
  });
});
