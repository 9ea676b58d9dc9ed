import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { attachError, testNetwork, toldOf } from './network-suite.ts';
import { Recording } from './recording.ts';
import { trafficSpec } from './traffic-package.ts';

const network = testNetwork();

/** A program that counts a test's packets; `ip` is where their IP header stands. */
function packets(section: string, verdict: number, ip = 14): string {
  return `SEC("${section}") int ecli(struct __sk_buff *skb) { if (ours(skb, ${ip})) tell(3); return ${verdict}; }`;
}

describe('tcx', () => {
  for (const section of ['tcx/ingress', 'tc/ingress']) {
    kernelTest(`sees packets that come, as ${section}`, async () => {
      const spec = trafficSpec(packets(section, -1), network.asked('near0'));
      expect(await toldOf(spec, () => network.send(3))).toEqual([3, 3, 3]);
    });
  }

  kernelTest('sees packets that go', async () => {
    const spec = trafficSpec(packets('tcx/egress', -1), network.asked('near0'));
    expect(await toldOf(spec, () => network.answer(3))).toEqual([3, 3, 3]);
  });

  kernelTest('is a link, which needs no qdisc, and goes with its interface', async () => {
    const { program } = await Recording.attached(
      trafficSpec(packets('tcx/egress', -1), network.asked('near0')),
    );
    expect(network.inNear('tc', 'qdisc', 'show')).not.toContain('clsact');
    network.disconnect();
    expect(await program.detach()).toEqual({ code: 0 });
    network.connect();
  });
});

describe('netkit', () => {
  kernelTest('is refused with what the kernel was built without', async () => {
    const error = await attachError(trafficSpec(packets('netkit/primary', -1), network.asked('near0')));
    expect(error.code).toBe('FEATURE_UNSUPPORTED');
    expect(error.message).toBe('program ecli (netkit/primary): this kernel has no netkit devices');
    expect(error.hint).toContain('it takes Linux 6.7 or newer, built with CONFIG_NETKIT');
  });
});

describe('a socket filter', () => {
  kernelTest('sees the packets of one interface', async () => {
    const spec = trafficSpec(packets('socket', 0), network.asked('near0'));
    expect(await toldOf(spec, () => network.send(3))).toEqual([3, 3, 3]);
  });

  kernelTest('sees those of all where none is named, and what it passes on is for nobody', async () => {
    const spec = trafficSpec(packets('socket', -1), network.asked());
    // The loopback has each packet twice: it goes, and it comes.
    const cause = (): void => [() => network.send(300), () => network.loop(3)].forEach((each) => each());
    const told = await toldOf(spec, cause, 306);
    expect(told).toHaveLength(306);
  });
});

describe('sk_lookup', () => {
  const program = `SEC("sk_lookup") int ecli(struct bpf_sk_lookup *ctx)
    { if (ctx->local_port == 4242) tell(4); return SK_PASS; }`;

  kernelTest('is asked for the socket of each packet', async () => {
    expect(await toldOf(trafficSpec(program, network.asked()), () => network.send(3))).toEqual([4, 4, 4]);
  });

  kernelTest('takes a namespace by its name', async () => {
    const spec = trafficSpec(program, { attach: [{ program: 'ecli', target: network.near }] });
    expect(await toldOf(spec, () => network.loop(3))).toEqual([4, 4, 4]);
  });
});

describe('a flow dissector', () => {
  const dissector = 'SEC("flow_dissector") int ecli(struct __sk_buff *skb) { tell(5); return BPF_OK; }';

  kernelTest('takes packets apart whose hash is wanted', async () => {
    const hash = `SEC("tc") int ecli_hash(struct __sk_buff *skb) {
      if (ours(skb, 14)) { bpf_set_hash_invalid(skb); bpf_get_hash_recalc(skb); }
      return -1; }`;
    const attach = [{ program: 'ecli_hash', target: 'near0' }];
    const spec = trafficSpec(`${dissector}\n${hash}`, { ...network.asked(), attach });
    // The kernel wants the hash of its answers too.
    expect(new Set(await toldOf(spec, () => network.send(3)))).toEqual(new Set([5]));
  });

  kernelTest('is one of a namespace, and a second is refused', async () => {
    const first = await Recording.attached(trafficSpec(dissector, network.asked()));
    expect(network.inNear('bpftool', 'net', 'show')).toMatch(/flow_dissector:\s+id \d+/);
    const error = await attachError(trafficSpec(dissector, network.asked()));
    expect(error.code).toBe('ATTACH_FAILED');
    expect(error.message).toContain('it has a flow dissector already');
    await first.program.detach();
  });
});

describe('netfilter', () => {
  const program = `struct bpf_nf_ctx;
    SEC("netfilter") int ecli(struct bpf_nf_ctx *ctx) { tell(6); return 1; }`;

  kernelTest('sees the packets at a hook', async () => {
    const spec = trafficSpec(program, network.asked('ipv4/input,priority=-10'));
    const told = await toldOf(spec, () => network.send(3));
    expect(new Set(told)).toEqual(new Set([6]));
  });

  kernelTest('has its priority and its packets whole', async () => {
    const { program: running } = await Recording.attached(
      trafficSpec(program, network.asked('ipv4/prerouting,priority=-10,defrag')),
    );
    const links = JSON.parse(network.inNear('bpftool', '-j', 'link', 'show')) as object[];
    expect(links).toEqual(expect.arrayContaining([expect.objectContaining({ type: expect.anything() })]));
    const error = await attachError(trafficSpec(program, network.asked('ipv4/prerouting,priority=-10')));
    expect(error.message).toContain('another BPF program has this priority');
    await running.detach();
  });

  kernelTest('takes a hook, which is asked for', async () => {
    const error = await attachError(trafficSpec(program, network.asked()));
    expect([error.code, error.message, error.hint]).toEqual([
      'ARGUMENT_INVALID',
      'program ecli (netfilter): to attach it takes a hook',
      'say it: --attach ecli=ipv4/input',
    ]);
  });
});

describe('what only somebody else can attach is refused with who', () => {
  const cases: readonly [string, string, string][] = [
    ['sk_reuseport', 'struct sk_reuseport_md', 'SO_ATTACH_REUSEPORT_EBPF'],
    ['action', 'struct __sk_buff', 'tc filter add'],
    ['lwt_in', 'struct __sk_buff', 'ip route add'],
    ['lirc_mode2', 'int', 'ir-keytable'],
    ['xdp/devmap', 'struct xdp_md', 'runs from an entry of a devmap'],
  ];
  for (const [section, context, words] of cases) {
    kernelTest(section, async () => {
      const error = await attachError(
        trafficSpec(`SEC("${section}") int ecli(${context} *ctx) { return 1; }`, network.asked()),
      );
      expect(error.code).toBe('FEATURE_UNSUPPORTED');
      expect(error.message).toContain(words);
    });
  }
});

describe('a place that is not there', () => {
  const XDP = 'SEC("xdp") int ecli(void *ctx) { return 2; }';
  const TC = 'SEC("tc") int ecli(void *ctx) { return 0; }';
  const NETFILTER = 'struct bpf_nf_ctx; SEC("netfilter") int ecli(struct bpf_nf_ctx *ctx) { return 1; }';
  const cases: readonly [string, string, string, string, string?][] = [
    ['an interface', XDP, 'naer0', "network interface naer0: isn't there", 'did you mean near0?'],
    ['an interface by number', XDP, '99', "network interface 99: isn't there", 'there are'],
    ['a mode', XDP, 'near0:nativ', 'nativ is not known here', 'did you mean native?'],
    ['an option', XDP, 'near0,mode=x', 'mode is not known here', 'nothing follows the place here'],
    ['a direction', TC, 'near0:in', 'in is not known here', 'known are ingress, egress'],
    ['a priority', TC, 'near0,priority=65536', 'priority 65536 is no whole number from 0 to 65535'],
    ['a handle', TC, 'near0,handle=one', 'handle one is no whole number from 0 to 4294967295'],
    ['a parent', TC, 'near0,parent=x', 'parent x is none of traffic control', 'such as 1:10'],
    ['a hook', NETFILTER, 'ipv4/inputt', 'is no hook of netfilter', 'prerouting, input'],
  ];
  for (const [name, program, target, message, hint = ''] of cases) {
    kernelTest(`is named: ${name}`, async () => {
      const error = await attachError(trafficSpec(program, network.asked(target)));
      expect(['ATTACH_FAILED', 'ARGUMENT_INVALID']).toContain(error.code);
      expect(error.message).toContain(message);
      expect(error.hint ?? '').toContain(hint);
    });
  }

  kernelTest('is named: a network namespace', async () => {
    const error = await attachError(trafficSpec(XDP, { netns: `${network.path}x` }));
    expect(error.code).toBe('ARGUMENT_INVALID');
    expect(error.message).toBe(`network namespace ${network.path}x: isn't there`);
    expect(error.hint).toContain(`did you mean ${network.path}`);
  });

  kernelTest('is named: a network namespace that no program goes to', async () => {
    const program = 'SEC("raw_tp/sched_process_exit") int ecli(void *ctx) { return 0; }';
    const error = await attachError(trafficSpec(program, { netns: '/run/netns/none/of/it' }));
    expect([error.code, error.message]).toEqual([
      'ARGUMENT_INVALID',
      "network namespace /run/netns/none/of/it: isn't there",
    ]);
  });

  for (const path of ['/etc/passwd', '/dev/zero', '/proc/self/ns/mnt', '/']) {
    kernelTest(`is named: ${path} as a network namespace`, async () => {
      const error = await attachError(trafficSpec(XDP, { netns: path }));
      expect([error.code, error.message]).toEqual(['ARGUMENT_INVALID', `${path}: isn't a network namespace`]);
    });
  }
});
