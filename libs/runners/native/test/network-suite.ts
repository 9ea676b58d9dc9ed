import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { type BpfObject, openObject } from '@ecli/bpf';
import { kernelDescriptors } from '@ecli/bpf/testing';
import type { EcliError, LoadSpec, Program } from '@ecli/core';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { detachAll, failureOf, Recording, runner } from './recording.ts';
import { TestNetwork } from './test-network.ts';
import { trafficObject } from './traffic-package.ts';

/** Where ecli keeps, as root, what a crash would leave. */
const RECORDS = '/run/ecli/attached';

const opened: BpfObject[] = [];

/**
 * Gives the tests of a file a network, and has each end as it began: with nothing attached in it, no descriptors
 * open and no records kept.
 */
export function testNetwork(): TestNetwork {
  const network = new TestNetwork();
  let before: unknown;
  beforeAll(() => network.open());
  beforeEach(() => {
    before = state(network);
  });
  afterEach(async () => {
    await detachAll();
    for (const object of opened.splice(0)) object.close();
    expect(state(network)).toEqual(before);
  });
  afterAll(() => network.close());
  return network;
}

function state(network: TestNetwork): unknown[] {
  const records = existsSync(RECORDS) ? readdirSync(RECORDS) : [];
  return [network.state(), kernelDescriptors(), records.filter((name) => name.startsWith(`${process.pid}-`))];
}

/** The numbers that programs tell, once they are attached, of what makes them tell `count` times or more. */
export async function toldOf(spec: LoadSpec, cause: () => unknown, count = 3): Promise<unknown[]> {
  const recording = await Recording.attached(spec);
  await cause();
  await recording.until(() => recording.lines().length >= count);
  await recording.program.detach();
  return recording.numbers();
}

/** The error of loading or attaching. */
export async function attachError(spec: LoadSpec): Promise<EcliError> {
  const attaching = async (): Promise<unknown> => {
    const program: Program = await runner.load(spec);
    try {
      return await program.attach();
    } finally {
      await program.detach();
    }
  };
  return failureOf(attaching());
}

/** A program of somebody else's, loaded and attached to nothing; closed after the test. */
export function foreign(programs: string): { readonly fd: number; readonly id: number } {
  const object = openObject(trafficObject(programs), { name: 'foreign' });
  opened.push(object);
  object.load();
  const fd = object.programs[0]?.fd ?? -1;
  const info = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  return { fd, id: Number(/^prog_id:\s*(\d+)$/m.exec(info)?.[1]) };
}
