import { afterEach, describe, expect, test } from '@jest/globals';
import { kernelDescriptors, kernelTest } from '@ecli/bpf/testing';
import type { LoadSpec } from '@ecli/core';
import { detachAll, failureOf, Recording, runner } from './recording.ts';
import { CALLS, StackTarget, stacksSpec, stackTargetBinary } from './stacks-package.ts';

afterEach(detachAll);

/** What the stacks of so many signals of the target are shown as. */
async function record(count: number, changes: Partial<LoadSpec>, withSymbols = true): Promise<Recording> {
  const target = await StackTarget.start();
  try {
    const spec = stacksSpec(target.pid, changes, { field_map: {}, with_symbols: withSymbols });
    const recording = await Recording.attached(spec);
    await target.send(count);
    await recording.program.detach();
    return recording;
  } finally {
    await target.end();
  }
}

/** The kernel's functions by which a system call comes in. */
const SYSTEM_CALL = /do_syscall_64|el0_svc/;

describe('stacks of a known process', () => {
  kernelTest('are the calls it made, as text', async () => {
    const recording = await record(2, { format: 'text' });
    const text = recording.text();
    const stacks = text.split('\n\n').slice(0, -1);
    expect(stacks).toHaveLength(2);
    for (const stack of stacks) {
      const [whose, kernel, ...frames] = stack.split('\n');
      expect(whose).toMatch(/^COMM: \S+ \(pid=\d+\) @ CPU \d+$/);
      expect(kernel).toBe('Kernel:');
      const user = frames.slice(frames.indexOf('Userspace:') + 1);
      expect(frames.slice(0, -user.length - 1).join('\n')).toMatch(SYSTEM_CALL);
      CALLS.forEach((call, index) => {
        expect(user[index]).toMatch(
          new RegExp(`^ {2}${index} \\[<[0-9a-f]{16}>\\] ${call}\\+0x[0-9a-f]+ ${stackTargetBinary()}$`),
        );
      });
    }
    expect(recording.chunks.reduce((lines, chunk) => lines + chunk.lines, 0)).toBe(
      text.split('\n').length - 1,
    );
    expect(recording.program.counts?.events).toBe(2);
  });

  kernelTest('are arrays of frames, as JSON', async () => {
    const [event] = (await record(1, { format: 'json' })).events();
    const { kstack, ustack, ...others } = event as Record<'kstack' | 'ustack', Record<string, unknown>[]>;
    expect(ustack.slice(0, CALLS.length).map(({ symbol }) => symbol)).toEqual(CALLS);
    expect(ustack[0]).toEqual({
      address: expect.stringMatching(/^0x[0-9a-f]{16}$/),
      symbol: 'send_signal_0',
      offset: expect.any(Number),
      path: stackTargetBinary(),
    });
    expect(kstack.map(({ symbol }) => symbol).join(' ')).toMatch(SYSTEM_CALL);
    expect(Object.keys(others)).toEqual(['pid', 'cpu_id', 'comm']);
  });

  kernelTest('are counted, folded', async () => {
    const recording = await record(3, { format: 'text', presentation: { folded: true } });
    const lines = recording.lines();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(new RegExp(`;${CALLS.toReversed().join(';')};.*_\\[k\\] 3$`));
    expect(lines[0]).toMatch(SYSTEM_CALL);
  });

  kernelTest('are addresses alone where the package wants no symbols', async () => {
    const frames = (await record(1, { format: 'text' }, false))
      .lines()
      .filter((line) => line.startsWith('  '));
    expect(frames.length).toBeGreaterThan(CALLS.length);
    for (const frame of frames) expect(frame).toMatch(/^ {2}\d+ \[<[0-9a-f]{16}>\]$/);
  });
});

describe('a process that has ended', () => {
  kernelTest('before its stack is shown has addresses', async () => {
    const target = await StackTarget.start();
    const recording = await Recording.attached(stacksSpec(target.pid));
    await recording.program.pause();
    await target.send(1);
    await target.end();
    await recording.program.detach();
    expect(recording.text()).toMatch(/^Userspace:\n(?: {2}\d+ \[<[0-9a-f]{16}>\]\n)+\n$/m);
  });

  kernelTest('after one of its stacks was shown has names', async () => {
    const target = await StackTarget.start();
    const recording = await Recording.attached(stacksSpec(target.pid, { format: 'json' }));
    await target.send(1);
    await recording.until(() => recording.events().length === 1);
    await recording.program.pause();
    await target.send(1);
    await target.end();
    await recording.program.detach();
    const [, second] = recording.events() as { ustack: { symbol?: string }[] }[];
    expect(second?.ustack.slice(0, CALLS.length).map(({ symbol }) => symbol)).toEqual(CALLS);
  });
});

test('a package whose members do not fit is refused before the kernel is touched', async () => {
  const before = kernelDescriptors();
  const stackTrace = { field_map: { kstack: 'kstak' }, with_symbols: true };
  const error = await failureOf(runner.load(stacksSpec(1, {}, stackTrace)));
  expect(error).toMatchObject({
    code: 'PACKAGE_INVALID',
    message: 'stacks: stack_trace: struct stacktrace_event has no member kstak (field_map.kstack)',
    hint: 'did you mean kstack?',
  });
  expect(kernelDescriptors()).toEqual(before);
});
