import { beforeAll, describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import type { LoadSpec } from '@ecli/core';
import type { ProgramMeta } from '@ecli/packages';
import { attachError, testNetwork } from './network-suite.ts';
import { Recording } from './recording.ts';
import { TC, trafficSpec, XDP } from './traffic-package.ts';

const network = testNetwork();
let near0: number;

beforeAll(() => {
  near0 = Number(network.inNear('cat', '/sys/class/net/near0/ifindex'));
});

/** What a package says of its one program; the number of near0 is only known later. */
type Keys = () => Partial<ProgramMeta>;

function specOf(program: string, keys: Keys, changes: Partial<LoadSpec> = {}): LoadSpec {
  return trafficSpec(program, { ...network.asked(), ...changes }, (meta) => ({ ...meta, ...keys() }));
}

/** What the system's own tools show while the package runs. */
async function shown(spec: LoadSpec): Promise<string> {
  const { program } = await Recording.attached(spec);
  const filters = ['lo', 'near0'].flatMap((name) =>
    ['ingress', 'egress'].map((direction) => {
      const filter = network.inNear(
        'sh',
        '-c',
        `tc filter show dev ${name} ${direction} 2>/dev/null || true`,
      );
      return filter === '' ? '' : `${name} ${direction}: ${filter}`;
    }),
  );
  const text = network.inNear('bpftool', 'net', 'show') + filters.join('');
  await program.detach();
  return text;
}

describe('the keys of a package', () => {
  const taken: readonly [string, string, Keys, RegExp][] = [
    ['xdp without any', XDP, () => ({}), /^lo\(1\) generic id/m],
    ['ifindex', XDP, () => ({ ifindex: near0 }), /^near0\(\d+\) driver id/m],
    ['flags 0', XDP, () => ({ ifindex: near0, flags: 0 }), /^near0\(\d+\) driver id/m],
    ['flags 1', XDP, () => ({ ifindex: near0, flags: 1 }), /^near0\(\d+\) driver id/m],
    ['flags 2', XDP, () => ({ ifindex: near0, flags: 2 }), /^near0\(\d+\) generic id/m],
    ['flags 4', XDP, () => ({ ifindex: near0, flags: 4 }), /^near0\(\d+\) driver id/m],
    ['xdpopts without a key', XDP, () => ({ xdpopts: {} }), /^lo\(1\) generic id/m],
    ['old_prog_fd 0', XDP, () => ({ xdpopts: { old_prog_fd: 0 } }), /^lo\(1\) generic id/m],
    ['tc without any', TC, () => ({}), /^lo ingress: [^]*pref 1 bpf [^]*handle 0x1 ecli_tc/m],
    [
      'tchook.ifindex',
      TC,
      () => ({ tchook: { ifindex: near0, attach_point: 'BPF_TC_INGRESS' } }),
      /^near0 ingress: /m,
    ],
    [
      'BPF_TC_EGRESS',
      TC,
      () => ({ tchook: { ifindex: near0, attach_point: 'BPF_TC_EGRESS' } }),
      /^near0 egress: /m,
    ],
    ['tcopts', TC, () => ({ tcopts: { handle: 5, priority: 9 } }), /pref 9 bpf [^]*handle 0x5 ecli_tc/],
    ['handle 0', TC, () => ({ tcopts: { handle: 0, priority: 9 } }), /pref 9 bpf [^]*handle 0x1 ecli_tc/],
    [
      'priority 0',
      TC,
      () => ({ tcopts: { handle: 5, priority: 0 } }),
      /pref 49152 bpf [^]*handle 0x5 ecli_tc/,
    ],
  ];
  for (const [name, program, keys, expected] of taken) {
    kernelTest(`act as they say: ${name}`, async () => {
      expect(await shown(specOf(program, keys))).toMatch(expected);
    });
  }

  kernelTest('act as they say: link false loads the program alone', async () => {
    const idle = network.state();
    const recording = await Recording.attached(specOf(TC, () => ({ link: false })));
    expect(network.state()).toBe(idle);
    await recording.program.detach();
  });

  const overridden: readonly [string, string, Keys, string, RegExp][] = [
    ['another interface', XDP, () => ({ ifindex: near0 }), 'lo', /^lo\(1\) generic id/m],
    ['another mode', XDP, () => ({ ifindex: near0 }), ':generic', /^near0\(\d+\) generic id/m],
    ['the number of an interface', XDP, () => ({ ifindex: near0 }), '1', /^lo\(1\) generic id/m],
    [
      'another direction',
      TC,
      () => ({
        tchook: { ifindex: near0, attach_point: 'BPF_TC_INGRESS' },
        tcopts: { handle: 5, priority: 9 },
      }),
      ':egress,handle=6',
      /^near0 egress: [^]*pref 9 bpf [^]*handle 0x6 ecli_tc/m,
    ],
    ['a program that is not linked', TC, () => ({ link: false }), 'near0', /^near0 ingress: /m],
  ];
  for (const [name, program, keys, target, expected] of overridden) {
    kernelTest(`give way to the user: ${name}`, async () => {
      const attach = [{ program: program === XDP ? 'ecli_xdp' : 'ecli_tc', target }];
      expect(await shown(specOf(program, keys, { attach }))).toMatch(expected);
    });
  }

  const refused: readonly [string, string, Keys, string, string][] = [
    ['ifindex 0', XDP, () => ({ ifindex: 0 }), 'ATTACH_FAILED', "network interface 0: isn't there"],
    [
      'a negative ifindex',
      XDP,
      () => ({ ifindex: -1 }),
      'ATTACH_FAILED',
      "network interface -1: isn't there",
    ],
    [
      'an ifindex of none',
      XDP,
      () => ({ ifindex: 9999 }),
      'ATTACH_FAILED',
      "network interface 9999: isn't there",
    ],
    ['two modes', XDP, () => ({ flags: 6 }), 'PACKAGE_INVALID', 'flags 6 are not those of XDP'],
    ['unknown flags', XDP, () => ({ flags: 32 }), 'PACKAGE_INVALID', 'flags 32 are not those of XDP'],
    [
      'BPF_TC_CUSTOM',
      TC,
      () => ({ tchook: { ifindex: 1, attach_point: 'BPF_TC_CUSTOM' } }),
      'FEATURE_UNSUPPORTED',
      'BPF_TC_CUSTOM takes a parent',
    ],
    [
      'an unknown attach point',
      TC,
      () => ({ tchook: { ifindex: 1, attach_point: 'BPF_TC_\x1b' } }),
      'PACKAGE_INVALID',
      'tchook.attach_point BPF_TC_\\x1b is none',
    ],
    [
      'a priority out of range',
      TC,
      () => ({ tcopts: { handle: 1, priority: 70_000 } }),
      'PACKAGE_INVALID',
      'tcopts.priority 70000 is above 65535',
    ],
  ];
  for (const [name, program, keys, code, message] of refused) {
    kernelTest(`are refused where they make no sense: ${name}`, async () => {
      const error = await attachError(specOf(program, keys));
      expect(error.code).toBe(code);
      expect(error.message).toContain(message);
    });
  }
});
