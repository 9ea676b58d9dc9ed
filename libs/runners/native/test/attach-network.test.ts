import { describe, expect } from '@jest/globals';
import { kernelTest } from '@ecli/bpf/testing';
import { heldObjects, untilGone } from './held-objects.ts';
import { attachError, foreign, testNetwork, toldOf } from './network-suite.ts';
import { Recording } from './recording.ts';
import { TC, trafficSpec, XDP } from './traffic-package.ts';

const network = testNetwork();

describe('xdp', () => {
  for (const target of ['near0', 'near0:native', 'near0:generic']) {
    kernelTest(`sees packets at ${target}`, async () => {
      expect(
        await toldOf(trafficSpec(XDP, network.asked(target, 'ecli_xdp')), () => network.send(3)),
      ).toEqual([1, 1, 1]);
    });
  }

  kernelTest('takes packets in fragments', async () => {
    const spec = trafficSpec(XDP.replace('"xdp"', '"xdp.frags"'), network.asked('near0', 'ecli_xdp'));
    expect(await toldOf(spec, () => network.send(3))).toEqual([1, 1, 1]);
  });

  kernelTest('is in the mode that was asked for', async () => {
    for (const [target, mode] of [
      ['near0:native', 'driver'],
      ['near0:generic', 'generic'],
      ['lo', 'generic'],
    ] as const) {
      const { program } = await Recording.attached(trafficSpec(XDP, network.asked(target, 'ecli_xdp')));
      expect(network.inNear('bpftool', 'net', 'show')).toMatch(
        new RegExp(`${target.split(':')[0]}.* ${mode} id`),
      );
      await program.detach();
    }
  });

  kernelTest('leaves a program alone that is there, and names it', async () => {
    const { id } = foreign(XDP);
    network.inNear('bpftool', 'net', 'attach', 'xdp', 'id', String(id), 'dev', 'near0');
    const there = network.state();
    const error = await attachError(trafficSpec(XDP, network.asked('near0', 'ecli_xdp')));
    expect(error.code).toBe('ATTACH_FAILED');
    expect(error.message).toBe(
      `program ecli_xdp (xdp): can't be attached to near0: program ${id} (ecli_xdp) is there already`,
    );
    expect(error.hint).toContain('ip link set dev near0 xdp off');
    expect(network.state()).toBe(there);
    network.inNear('bpftool', 'net', 'detach', 'xdp', 'dev', 'near0');
  });

  kernelTest('replaces the program that the package gives the descriptor of, and puts it back', async () => {
    const { fd, id } = foreign(XDP.replace('tell(1)', 'tell(9)'));
    network.inNear('bpftool', 'net', 'attach', 'xdp', 'id', String(id), 'dev', 'near0');
    const there = network.state();
    const replacing = trafficSpec(XDP, network.asked('near0', 'ecli_xdp'), (program) => ({
      ...program,
      xdpopts: { old_prog_fd: fd },
    }));
    expect(await toldOf(replacing, () => network.send(3))).toEqual([1, 1, 1]);
    expect(network.state()).toBe(there);
    network.inNear('bpftool', 'net', 'detach', 'xdp', 'dev', 'near0');
    const error = await attachError(replacing);
    expect(error.code).toBe('ATTACH_FAILED');
    expect(error.message).toContain('old_prog_fd');
  });

  kernelTest('replaces nothing by a descriptor that is no program', async () => {
    const error = await attachError(
      trafficSpec(XDP, network.asked('near0', 'ecli_xdp'), (program) => ({
        ...program,
        xdpopts: { old_prog_fd: 9999 },
      })),
    );
    expect(error.message).toContain('xdpopts.old_prog_fd 9999 is no descriptor of an XDP program');
  });

  kernelTest('asks for generic mode where a driver refuses', async () => {
    network.inNear('ip', 'link', 'add', 'plain0', 'type', 'ifb');
    try {
      const error = await attachError(trafficSpec(XDP, network.asked('plain0:native', 'ecli_xdp')));
      expect(error.message).toContain("its driver doesn't take it in native mode");
      expect(error.hint).toContain('--attach PROGRAM=plain0:generic');
    } finally {
      network.inNear('ip', 'link', 'delete', 'plain0');
    }
  });

  kernelTest('says that a card takes no offloaded programs', async () => {
    const error = await attachError(
      trafficSpec('SEC("xdp") int ecli_xdp(void *ctx) { return 2; }', {
        attach: [{ program: 'ecli_xdp', target: 'lo:offload' }],
      }),
    );
    expect(error.code).toBe('LOAD_FAILED');
    expect(error.message).toBe("map events: the kernel can't create it: EINVAL, on the network card of lo");
    expect(error.hint).toContain('drivers of few cards take programs');
  });

  kernelTest('goes with its interface, and the program ends in order', async () => {
    for (const target of ['near0', 'near0:generic']) {
      const { program } = await Recording.attached(trafficSpec(XDP, network.asked(target, 'ecli_xdp')));
      network.disconnect();
      expect(await program.detach()).toEqual({ code: 0 });
      network.connect();
    }
  });
});

/** The next ecli that ends finds that nobody uses the qdisc any more. */
async function expectQdiscToGoNext(): Promise<void> {
  expect(network.inNear('tc', 'qdisc', 'show')).toContain('clsact');
  const { program } = await Recording.attached(trafficSpec(TC, network.asked('near0', 'ecli_tc')));
  await program.detach();
  expect(network.inNear('tc', 'qdisc', 'show')).not.toContain('clsact');
}

describe('tc', () => {
  kernelTest('sees packets that come', async () => {
    expect(await toldOf(trafficSpec(TC, network.asked('near0', 'ecli_tc')), () => network.send(3))).toEqual([
      2, 2, 2,
    ]);
  });

  kernelTest('sees packets that go', async () => {
    const spec = trafficSpec(TC, network.asked('near0:egress,priority=7,handle=0x2a', 'ecli_tc'));
    expect(await toldOf(spec, () => network.answer(3))).toEqual([2, 2, 2]);
  });

  kernelTest('is a filter of the priority and the handle that were asked for', async () => {
    const { program } = await Recording.attached(
      trafficSpec(TC, network.asked('near0:egress,priority=7,handle=0x2a', 'ecli_tc')),
    );
    expect(network.filters()).toMatch(/pref 7 bpf .*handle 0x2a ecli_tc.* direct-action/);
    await program.detach();
  });

  kernelTest('leaves a qdisc that was there before', async () => {
    network.inNear('tc', 'qdisc', 'add', 'dev', 'near0', 'clsact');
    const there = network.state();
    const { program } = await Recording.attached(trafficSpec(TC, network.asked('near0', 'ecli_tc')));
    await program.detach();
    expect(network.state()).toBe(there);
    network.inNear('tc', 'qdisc', 'delete', 'dev', 'near0', 'clsact');
  });

  kernelTest('leaves its qdisc to others that use it, and the last one takes it away', async () => {
    const first = await Recording.attached(trafficSpec(TC, network.asked('near0', 'ecli_tc')));
    const second = await Recording.attached(trafficSpec(TC, network.asked('near0,handle=2', 'ecli_tc')));
    await first.program.detach();
    expect(network.filters()).toContain('handle 0x2 ecli_tc');
    await second.program.detach();
    expect(network.inNear('tc', 'qdisc', 'show')).not.toContain('clsact');
  });

  kernelTest('leaves a filter of somebody else and the qdisc with it', async () => {
    const { program } = await Recording.attached(trafficSpec(TC, network.asked('near0', 'ecli_tc')));
    network.inNear(...'tc filter add dev near0 egress pref 9 u32 match u32 0 0 classid 1:1'.split(' '));
    await program.detach();
    expect(network.filters()).toMatch(/pref 9 u32/);
    expect(network.filters()).not.toContain('ecli_tc');
    network.inNear('tc', 'filter', 'delete', 'dev', 'near0', 'egress');
    await expectQdiscToGoNext();
  });

  kernelTest('removes its own filter and no other that came in its place', async () => {
    const { program } = await Recording.attached(trafficSpec(TC, network.asked('near0', 'ecli_tc')));
    network.inNear('tc', 'filter', 'delete', 'dev', 'near0', 'ingress');
    network.inNear(...'tc filter add dev near0 ingress pref 1 u32 match u32 0 0 classid 1:1'.split(' '));
    expect(await program.detach()).toEqual({ code: 0 });
    expect(network.filters()).toContain('u32');
    network.inNear('tc', 'filter', 'delete', 'dev', 'near0', 'ingress');
    await expectQdiscToGoNext();
  });

  kernelTest('names what has its handle, and which is free', async () => {
    const first = await Recording.attached(trafficSpec(TC, network.asked('near0', 'ecli_tc')));
    const error = await attachError(trafficSpec(TC, network.asked('near0', 'ecli_tc')));
    expect(error.code).toBe('ATTACH_FAILED');
    expect(error.message).toMatch(
      /^program ecli_tc \(tc\): can't be attached to near0 ingress: priority 1, handle 1 is taken by program \d+ \(ecli_tc\)$/,
    );
    expect(error.hint).toBe('free is --attach ecli_tc=near0:ingress,priority=1,handle=2');
    await first.program.detach();
  });

  kernelTest('names a filter of another kind that has its priority', async () => {
    network.inNear('tc', 'qdisc', 'add', 'dev', 'near0', 'clsact');
    network.inNear(...'tc filter add dev near0 ingress pref 1 u32 match u32 0 0 classid 1:1'.split(' '));
    const error = await attachError(trafficSpec(TC, network.asked('near0', 'ecli_tc')));
    expect(error.message).toContain('priority 1 is taken by a filter of kind u32');
    expect(error.hint).toBe('free is --attach ecli_tc=near0:ingress,priority=2,handle=1');
    network.inNear('tc', 'qdisc', 'delete', 'dev', 'near0', 'clsact');
  });

  kernelTest('takes a parent of a qdisc that is there', async () => {
    network.inNear(...'tc qdisc add dev near0 root handle 1: htb'.split(' '));
    try {
      const spec = trafficSpec(TC, network.asked('near0,parent=1:', 'ecli_tc'));
      expect(await toldOf(spec, () => network.answer(3))).toEqual([2, 2, 2]);
      const error = await attachError(trafficSpec(TC, network.asked('near0,parent=2:', 'ecli_tc')));
      expect(error.message).toContain('it has no qdisc that takes filters at 2:0');
    } finally {
      network.inNear('tc', 'qdisc', 'delete', 'dev', 'near0', 'root');
    }
  });

  kernelTest('goes with its interface, and the program ends in order', async () => {
    const { program } = await Recording.attached(trafficSpec(TC, network.asked('near0', 'ecli_tc')));
    network.disconnect();
    expect(await program.detach()).toEqual({ code: 0 });
    network.connect();
  });

  kernelTest('is undone with all the others when one of ten is refused', async () => {
    const names = Array.from({ length: 9 }, (_, index) => `ecli_tc${index}`);
    const programs = [...names, 'ecli_last'].map((name) => TC.replace('ecli_tc', name)).join('\n');
    const spec = trafficSpec(programs, {
      netns: network.path,
      attach: [
        ...names.map((program, index) => ({ program, target: `near0,handle=${index + 1}` })),
        { program: 'ecli_last', target: 'near0,handle=1' },
      ],
    });
    const error = await attachError(spec);
    expect(error.message).toContain('ecli_last');
    expect(network.filters()).toBe('');
  });
});

describe('programs of several kinds', () => {
  kernelTest('leave no program, map or link in the kernel', async () => {
    const tcx = TC.replace('"tc"', '"tcx/egress"').replace('ecli_tc', 'ecli_tcx');
    const spec = trafficSpec([XDP, TC, tcx].join('\n'), {
      netns: network.path,
      attach: ['ecli_xdp', 'ecli_tc', 'ecli_tcx'].map((program) => ({ program, target: 'near0' })),
    });
    const { program } = await Recording.attached(spec);
    const held = heldObjects();
    const attached = held.map(({ kind }) => kind).filter((kind) => kind !== 'map');
    expect(attached.sort()).toEqual(['link', 'link', 'prog', 'prog', 'prog']);
    await program.detach();
    await untilGone(held);
  });
});
