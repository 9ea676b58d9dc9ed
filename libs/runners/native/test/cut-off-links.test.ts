import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import { findCgroup } from '@ecli/bpf';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { detachAll, failureOf, Recording } from './recording.ts';
import { TestNetwork } from './test-network.ts';
import { trafficSpec } from './traffic-package.ts';

const XDP = 'SEC("xdp") int ecli(struct xdp_md *ctx) { return XDP_PASS; }';
const LOOKUP = 'SEC("sk_lookup") int ecli(struct bpf_sk_lookup *ctx) { return SK_PASS; }';
const CONNECT = 'SEC("cgroup/connect4") int ecli(struct bpf_sock_addr *ctx) { return 1; }';

let network: TestNetwork;

beforeEach(() => {
  if (whyNoKernel()) return;
  network = new TestNetwork();
  network.open();
});
afterEach(async () => {
  await detachAll();
  if (!whyNoKernel()) network.close();
});

/** The number of the one link that this process has. */
function linkId(): string {
  for (const descriptor of readdirSync('/proc/self/fdinfo')) {
    try {
      const id = /^link_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1];
      if (id !== undefined) return id;
    } catch {
      // The one that the list was read by.
    }
  }
  throw new Error('there is no link');
}

describe('a program ends when what it is attached to goes', () => {
  kernelTest('an interface, and its network namespace with it', async () => {
    const { program, completion } = await Recording.attached(trafficSpec(XDP, network.asked('near0')));
    network.close();
    const { code, message, hint } = await failureOf(completion);
    expect(code).toBe('ATTACH_FAILED');
    expect(message).toBe('interface near0 is gone: program ecli (xdp) sees nothing any more');
    expect(hint).toBe('run it again once that is back');
    expect(await program.detach()).toEqual({ code: 1, reason: message });
  });

  kernelTest('a network namespace', async () => {
    const { completion } = await Recording.attached(trafficSpec(LOOKUP, network.asked()));
    network.close();
    expect((await failureOf(completion)).message).toBe(
      `network namespace ${network.path} is gone: program ecli (sk_lookup) sees nothing any more`,
    );
  });

  kernelTest('a cgroup', async () => {
    const cgroup = join(findCgroup(), `ecli-test-gone-${process.pid}`);
    mkdirSync(cgroup);
    try {
      const attach = [{ program: 'ecli', target: cgroup }];
      const { completion } = await Recording.attached(trafficSpec(CONNECT, { attach }));
      rmdirSync(cgroup);
      expect((await failureOf(completion)).message).toBe(
        `cgroup ${cgroup} is gone: program ecli (cgroup/connect4) sees nothing any more`,
      );
    } finally {
      execFileSync('sh', ['-c', 'rmdir "$0" 2>/dev/null || true', cgroup]);
    }
  });

  kernelTest('the attachment alone, which somebody else undid', async () => {
    const { completion } = await Recording.attached(trafficSpec(XDP, network.asked('near0')));
    execFileSync('bpftool', ['link', 'detach', 'id', linkId()]);
    expect((await failureOf(completion)).message).toBe(
      'program ecli (xdp) was detached from interface near0 by somebody else, and sees nothing any more',
    );
  });
});
