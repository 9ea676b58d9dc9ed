import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from '@jest/globals';
import { openObject } from '@ecli/bpf';
import { kernelDescriptors, kernelTest } from '@ecli/bpf/testing';
import type { LoadSpec } from '@ecli/core';
import { detachAll, failureOf, Recording, runner } from './recording.ts';
import { TestNetwork } from './test-network.ts';
import { TC, trafficObject, trafficSpec, XDP } from './traffic-package.ts';

let network: TestNetwork;
let before: unknown;

beforeAll(() => {
  network = new TestNetwork();
});
beforeEach(() => {
  before = [network.state(), kernelDescriptors()];
});
afterEach(async () => {
  await detachAll();
  expect([network.state(), kernelDescriptors()]).toEqual(before);
});
afterAll(() => network.close());

/** Attaches in the test's namespace. */
function asked(target: string | undefined, program: string): Partial<LoadSpec> {
  return { netns: network.path, ...(target !== undefined && { attach: [{ program, target }] }) };
}

/** What a program tells of three packets, once it is attached. */
async function toldOf(spec: LoadSpec, cause: () => void): Promise<unknown[]> {
  const recording = await Recording.attached(spec);
  cause();
  await recording.until(() => recording.lines().length >= 3);
  await recording.program.detach();
  return recording.numbers();
}

async function attachError(spec: LoadSpec): Promise<Awaited<ReturnType<typeof failureOf>>> {
  const loaded = await runner.load(spec).catch((error: unknown) => error);
  if (loaded instanceof Error) return failureOf(Promise.reject(loaded));
  const program = loaded as Awaited<ReturnType<typeof runner.load>>;
  const error = await failureOf(program.attach());
  await program.detach();
  return error;
}

describe('xdp', () => {
  for (const target of ['near0', 'near0:native', 'near0:generic']) {
    kernelTest(`sees packets at ${target}`, async () => {
      expect(await toldOf(trafficSpec(XDP, asked(target, 'ecli_xdp')), () => network.send(3))).toEqual([
        1, 1, 1,
      ]);
    });
  }

  kernelTest('takes packets in fragments', async () => {
    const spec = trafficSpec(XDP.replace('"xdp"', '"xdp.frags"'), asked('near0', 'ecli_xdp'));
    expect(await toldOf(spec, () => network.send(3))).toEqual([1, 1, 1]);
  });
});

describe('tc', () => {
  kernelTest('sees packets that come', async () => {
    expect(await toldOf(trafficSpec(TC, asked('near0', 'ecli_tc')), () => network.send(3))).toEqual([
      2, 2, 2,
    ]);
  });

  kernelTest('sees packets that go', async () => {
    const spec = trafficSpec(TC, asked('near0:egress,priority=7,handle=0x2a', 'ecli_tc'));
    expect(await toldOf(spec, () => network.answer(3))).toEqual([2, 2, 2]);
  });
});
