import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { findCgroup } from '@ecli/bpf';
import { kernelTest } from '@ecli/bpf/testing';
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { attachError, testNetwork, toldOf } from './network-suite.ts';
import { trafficSpec } from './traffic-package.ts';

const network = testNetwork();
const name = `ecli-test-${process.pid}`;
let cgroup: string;

beforeAll(() => {
  cgroup = join(findCgroup(), name);
  mkdirSync(cgroup);
});
afterAll(() => rmdirSync(cgroup));

/** A process of the cgroup, in the network, that uses sockets of every kind and ends. */
const USE_SOCKETS = `
const dgram = require('dgram'), net = require('net'), fs = require('fs');
fs.readFileSync('/proc/sys/kernel/hostname');
fs.readFileSync('/dev/null');
const udp = (type, address) => new Promise((done) => {
  const socket = dgram.createSocket(type, () => socket.close(done));
  socket.bind(0, address, () => { socket.setBroadcast(true); socket.send('x', socket.address().port, address); });
});
const stream = (listen, connect = listen) => new Promise((done) => {
  const server = net.createServer((socket) => socket.end('hello')).listen(listen, () => {
    const where = server.address();
    const client = net.connect(typeof where === 'string' ? where : { port: where.port, host: where.address });
    client.on('connect', () => client.remoteAddress);
    client.on('data', () => undefined).on('close', () => server.close(done));
    client.setNoDelay(true);
    client.getRecvBufferSize?.();
  });
});
(async () => {
  await udp('udp4', '127.0.0.1');
  await udp('udp6', '::1');
  await stream({ port: 0, host: '127.0.0.1' });
  await stream({ port: 0, host: '::1' });
  await stream({ path: '\\0ecli-test-' + process.pid });
})();`;

function useSockets(): void {
  const script = 'echo $$ > "$0/cgroup.procs" && exec "$@"';
  const command = ['ip', 'netns', 'exec', network.near, process.execPath, '-e', USE_SOCKETS];
  execFileSync('sh', ['-c', script, cgroup, ...command], { stdio: 'pipe' });
}

/** Sections, and the context of each; a program tells its place in the list. */
const SECTIONS: readonly (readonly [section: string, context: string])[] = [
  ['cgroup_skb/ingress', '__sk_buff'],
  ['cgroup_skb/egress', '__sk_buff'],
  ['cgroup/skb', '__sk_buff'],
  ['cgroup/sock_create', 'bpf_sock'],
  ['cgroup/sock_release', 'bpf_sock'],
  ['cgroup/sock', 'bpf_sock'],
  ['cgroup/post_bind4', 'bpf_sock'],
  ['cgroup/post_bind6', 'bpf_sock'],
  ['cgroup/bind4', 'bpf_sock_addr'],
  ['cgroup/bind6', 'bpf_sock_addr'],
  ['cgroup/connect4', 'bpf_sock_addr'],
  ['cgroup/connect6', 'bpf_sock_addr'],
  ['cgroup/connect_unix', 'bpf_sock_addr'],
  ['cgroup/sendmsg4', 'bpf_sock_addr'],
  ['cgroup/sendmsg6', 'bpf_sock_addr'],
  ['cgroup/recvmsg4', 'bpf_sock_addr'],
  ['cgroup/recvmsg6', 'bpf_sock_addr'],
  ['cgroup/getpeername4', 'bpf_sock_addr'],
  ['cgroup/getsockname4', 'bpf_sock_addr'],
  ['cgroup/getsockname6', 'bpf_sock_addr'],
  ['cgroup/setsockopt', 'bpf_sockopt'],
  ['cgroup/getsockopt', 'bpf_sockopt'],
  ['cgroup/sysctl', 'bpf_sysctl'],
  ['cgroup/dev', 'bpf_cgroup_dev_ctx'],
  ['sockops', 'bpf_sock_ops'],
];

function programOf([section, context]: (typeof SECTIONS)[number], index: number): string {
  return `SEC("${section}") int ecli${index}(struct ${context} *ctx) { tell(${index}); return 1; }`;
}

describe('programs of a cgroup', () => {
  kernelTest('of every kind see what its processes do', async () => {
    const attach = SECTIONS.map((_, index) => ({ program: `ecli${index}`, target: cgroup }));
    const told = new Set(
      await toldOf(trafficSpec(SECTIONS.map(programOf).join('\n'), { attach }), useSockets),
    );
    const silent = SECTIONS.filter((_, index) => !told.has(index)).map(([section]) => section);
    expect(silent).toEqual([]);
  });

  kernelTest('are attached by a path from where cgroup2 is mounted', async () => {
    const attach = [{ program: 'ecli0', target: name }];
    const spec = trafficSpec(programOf(['cgroup/connect4', 'bpf_sock_addr'], 0), { attach });
    expect(await toldOf(spec, useSockets, 1)).toEqual([0]);
  });

  kernelTest('are attached to the root, and so to all processes, where none is named', async () => {
    const mine = `SEC("cgroup/connect4") int ecli(struct bpf_sock_addr *ctx)
      { if (ctx->user_port == bpf_htons(4242)) tell(8); return 1; }`;
    expect(await toldOf(trafficSpec(mine), () => network.loop(3))).toEqual([8, 8, 8]);
  });

  kernelTest('go with their cgroup', async () => {
    const gone = `${cgroup}-gone`;
    mkdirSync(gone);
    const attach = [{ program: 'ecli0', target: gone }];
    const spec = trafficSpec(programOf(['cgroup/connect4', 'bpf_sock_addr'], 0), { attach });
    expect(await toldOf(spec, () => rmdirSync(gone), 0)).toEqual([]);
  });

  kernelTest('of the LSM are refused with what the kernel was built without', async () => {
    const program = 'SEC("lsm_cgroup/socket_bind") int ecli(void *ctx) { return 1; }';
    const error = await attachError(trafficSpec(program, { attach: [{ program: 'ecli', target: cgroup }] }));
    expect(error.code).toBe('FEATURE_UNSUPPORTED');
    expect(error.hint).toContain('CONFIG_BPF_LSM');
  });
});

describe('a cgroup that is not there', () => {
  const program = programOf(['cgroup/connect4', 'bpf_sock_addr'], 0);

  kernelTest('is named, with those that are near', async () => {
    const error = await attachError(
      trafficSpec(program, { attach: [{ program: 'ecli0', target: `${name}x/inner` }] }),
    );
    expect(error.code).toBe('ATTACH_FAILED');
    expect(error.message).toBe(`cgroup ${cgroup}x/inner: isn't there`);
    expect(error.hint).toBe(`did you mean ${cgroup}?`);
  });

  for (const folder of ['/tmp', '/etc/hostname', '/sys/fs/cgroup/cpu']) {
    kernelTest(`is named: ${folder}`, async () => {
      const error = await attachError(
        trafficSpec(program, { attach: [{ program: 'ecli0', target: folder }] }),
      );
      expect([error.code, error.message]).toEqual([
        'ARGUMENT_INVALID',
        `${folder}: is no cgroup of version 2`,
      ]);
      expect(error.hint).toContain('those are under /');
    });
  }
});

describe('programs of a map of sockets', () => {
  const MAP = (map: string): string =>
    `struct { __uint(type, BPF_MAP_TYPE_SOCKMAP); __type(key, int); __type(value, int); __uint(max_entries, 64); } ${map} SEC(".maps");`;
  const FILL = `int next;
    SEC("sockops") int ecli_fill(struct bpf_sock_ops *ctx) {
      int key = next;
      if (ctx->family != 2 || (ctx->op != BPF_SOCK_OPS_ACTIVE_ESTABLISHED_CB && ctx->op != BPF_SOCK_OPS_PASSIVE_ESTABLISHED_CB))
        return 1;
      next = key + 1;
      bpf_sock_map_update(ctx, &ecli_sockets, &key, BPF_ANY);
      return 1;
    }`;
  const MSG = 'SEC("sk_msg") int ecli_msg(struct sk_msg_md *ctx) { tell(1); return SK_PASS; }';
  const SKB = (kind: string, number: number, result: string): string =>
    `SEC("sk_skb/${kind}") int ecli_${kind}(struct __sk_buff *ctx) { tell(${number}); return ${result}; }`;

  const cases: readonly [string, string, readonly number[]][] = [
    ['sk_msg', MSG, [1]],
    [
      'sk_skb/stream_parser and stream_verdict',
      SKB('stream_parser', 2, 'ctx->len') + SKB('stream_verdict', 3, 'SK_PASS'),
      [2, 3],
    ],
    ['sk_skb/verdict', SKB('verdict', 4, 'SK_PASS'), [4]],
  ];
  for (const [kind, programs, numbers] of cases) {
    kernelTest(`see what goes through its sockets: ${kind}`, async () => {
      // Attached before the program that fills the map, though they stand behind it.
      const attach = [{ program: 'ecli_fill', target: cgroup }];
      const spec = trafficSpec([MAP('ecli_sockets'), FILL, programs].join('\n'), { attach });
      const told = await toldOf(spec, useSockets, numbers.length);
      expect(new Set(told)).toEqual(new Set(numbers));
    });
  }

  kernelTest('are asked for the map where there are several, and told near names', async () => {
    const two = [MAP('ecli_sockets'), MAP('ecli_others'), MSG].join('\n');
    const error = await attachError(trafficSpec(two));
    expect([error.code, error.message, error.hint]).toEqual([
      'ARGUMENT_INVALID',
      'program ecli_msg (sk_msg): to attach it takes one of the maps ecli_sockets, ecli_others',
      'say it: --attach ecli_msg=ecli_sockets',
    ]);
    const near = await attachError(
      trafficSpec(two, { attach: [{ program: 'ecli_msg', target: 'ecli_socket' }] }),
    );
    expect([near.code, near.hint]).toEqual(['ARGUMENT_INVALID', 'did you mean ecli_sockets?']);
  });

  kernelTest('are refused where there is no such map, and where the section says too little', async () => {
    const none = await attachError(trafficSpec(MSG));
    expect([none.code, none.message]).toEqual([
      'PACKAGE_INVALID',
      'traffic: program ecli_msg: its object has no map of sockets to attach it to',
    ]);
    const bare = MAP('ecli_sockets') + 'SEC("sk_skb") int ecli(struct __sk_buff *ctx) { return 1; }';
    expect((await attachError(trafficSpec(bare))).hint).toContain('sk_skb/stream_verdict');
  });

  kernelTest('of one kind are refused a second time', async () => {
    const twice = [MAP('ecli_sockets'), MSG, MSG.replace('ecli_msg', 'ecli_again')].join('\n');
    const error = await attachError(trafficSpec(twice));
    expect(error.message).toContain(
      "can't be attached to map ecli_sockets: it has a program of this kind already",
    );
  });
});
