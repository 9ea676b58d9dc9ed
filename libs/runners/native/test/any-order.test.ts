import { afterEach, describe, expect } from '@jest/globals';
import { kernelDescriptors, kernelTest } from '@ecli/bpf/testing';
import type { Backpressure, LoadSpec } from '@ecli/core';
import fc from 'fast-check';
import { kill } from './kills-package.ts';
import { pairSpec, pairType } from './pair-package.ts';
import { detachAll, Recording } from './recording.ts';
import { sampledSpec } from './sampled-package.ts';

afterEach(detachAll);

/** A reader that takes rows, or doesn't. */
class Gate implements Backpressure {
  private closed: Promise<void> | undefined;
  private release: () => void = () => undefined;

  wait(): Promise<void> | undefined {
    return this.closed;
  }

  shut(): void {
    this.closed ??= new Promise((resolve) => (this.release = resolve));
  }

  open(): void {
    this.closed = undefined;
    this.release();
  }
}

type Step = 'kill' | 'pause' | 'resume' | 'shut' | 'open' | 'turn' | 'rest';

const STEPS = fc.array(
  fc.constantFrom<Step>('kill', 'kill', 'pause', 'resume', 'shut', 'open', 'turn', 'rest'),
  { maxLength: 24 },
);

/** Does the steps while a program runs, ends it with a reader that takes all, and returns the signals sent. */
async function play(recording: Recording, gate: Gate, steps: readonly Step[]): Promise<number> {
  const { program } = recording;
  let killed = 0;
  for (const step of steps) {
    if (step === 'kill') kill(3);
    if (step === 'kill') killed += 3;
    if (step === 'pause') await program.pause();
    if (step === 'resume') await program.resume();
    if (step === 'shut') gate.shut();
    if (step === 'open') gate.open();
    if (step === 'turn') await new Promise((resolve) => setImmediate(resolve));
    if (step === 'rest') await new Promise((resolve) => setTimeout(resolve, 2));
  }
  const ending = program.detach();
  gate.open();
  expect(await ending).toEqual({ code: 0 });
  await recording.completion;
  return killed;
}

async function inAnyOrder(
  specOf: (changes: Partial<LoadSpec>) => LoadSpec,
  check: (recording: Recording, killed: number) => void,
): Promise<void> {
  const before = kernelDescriptors();
  const property = fc.asyncProperty(STEPS, async (steps) => {
    const backpressure = new Gate();
    const recording = await Recording.attached(specOf({ backpressure }));
    check(recording, await play(recording, backpressure, steps));
    expect(kernelDescriptors()).toEqual(before);
  });
  await fc.assert(property, { numRuns: 15 });
}

describe('pausing, holding back and ending in any order', () => {
  kernelTest('loses no event of two buffers and doubles none', async () => {
    const exported = { calls: { btf_type_id: pairType('call') }, notes: { btf_type_id: pairType('note') } };
    await inAnyOrder(
      (changes) => pairSpec(exported, changes),
      (recording, killed) => {
        const events = recording.events();
        const calls = events.flatMap(({ calls: call }) => (call === undefined ? [] : [call]));
        expect(calls).toEqual(
          Array.from({ length: killed }, (_, index) => ({ target: process.pid, number: index + 1 })),
        );
        expect(events).toHaveLength(2 * killed);
        expect(recording.program.counts).toMatchObject({
          events: 2 * killed,
          lost: 0,
          dropped: 0,
          filtered: 0,
        });
      },
    );
  });

  kernelTest('shows all that a queue took, once', async () => {
    const sampled = { numbers: { interval: 1, clear_map: true } };
    await inAnyOrder(
      (changes) => sampledSpec(sampled, { format: 'json', ...changes }),
      (recording, killed) => {
        const shown = recording.events().map(({ value }) => Object.values(value as object)[0] as number);
        // The queue has room for 16, and a paused or held reader leaves the newest out.
        expect(shown).toEqual([...new Set(shown)].sort((a, b) => a - b));
        if (killed <= 16) expect(shown).toHaveLength(killed);
        expect(recording.program.counts).toMatchObject({ events: shown.length, lost: 0 });
      },
    );
  });
});
