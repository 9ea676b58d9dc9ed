import { describe, expect, test } from '@jest/globals';
import type { BpfObject } from '@ecli/bpf';
import { EcliError, type ProgramCounts } from '@ecli/core';
import { LogStream } from './log-stream.ts';
import type { Monitor } from './monitors/monitor.ts';
import { NativeProgram, type ProgramParts } from './native-program.ts';
import { EventBudget, type Output } from './output.ts';

const NO_COUNTS: ProgramCounts = { events: 0, bytes: 0, lost: 0, dropped: 0, filtered: 0 };

/** Runs until it is stopped. */
class SilentOutput implements Output {
  readonly name = 'silent';
  readonly counts = NO_COUNTS;
  stop: () => void = () => undefined;
  private readonly stopped = new Promise<void>((resolve) => {
    this.stop = resolve;
  });

  run(): Promise<void> {
    return this.stopped;
  }

  async catchUp(): Promise<void> {}

  pause(): void {}

  resume(): void {}

  close(): void {}
}

/** A program whose outputs and monitors are the test's, and what came of its log. */
function program(parts: Partial<ProgramParts>): {
  program: NativeProgram;
  ended: Promise<string>;
  log: string[];
} {
  const stream = new LogStream();
  const log: string[] = [];
  const ended = new Promise<string>((settle) => {
    stream.logs.subscribe({
      next: ({ bytes }) => log.push(Buffer.from(bytes).toString()),
      error: (error: Error) => settle(error.message),
      complete: () => settle('complete'),
    });
  });
  const object = { close: () => undefined } as unknown as BpfObject;
  const budget = new EventBudget();
  const all = { name: 'p', object, attachments: [], stream, outputs: [], monitors: [], budget, ...parts };
  return { program: new NativeProgram(all), ended, log };
}

function monitor(changes: Partial<Monitor>): Monitor {
  return { begin: () => undefined, end: async () => undefined, close: () => undefined, ...changes };
}

describe('NativeProgram', () => {
  test('ends its log when something cannot be closed, and closes the rest', async () => {
    const output = new SilentOutput();
    output.close = () => {
      throw new Error('EBADF');
    };
    let isClosed = false;
    const object = { close: () => (isClosed = true) } as unknown as BpfObject;
    const { program: ending, ended } = program({ outputs: [output], object });
    await ending.attach();
    expect(await ending.detach()).toEqual({ code: 1, reason: 'p: EBADF' });
    expect(await ended).toBe('p: EBADF');
    expect(isClosed).toBe(true);
  });

  test('lets each monitor say its last when another fails', async () => {
    const failing = monitor({
      end: async () => {
        throw new EcliError('OUTPUT_FAILED', 'trace: gone');
      },
    });
    const said: string[] = [];
    const last = monitor({ end: async () => void said.push('stats') });
    const { program: ending, ended } = program({ outputs: [new SilentOutput()], monitors: [failing, last] });
    await ending.attach();
    expect(await ending.detach()).toEqual({ code: 1, reason: 'trace: gone' });
    expect(said).toEqual(['stats']);
    expect(await ended).toBe('trace: gone');
  });

  test('ends the other outputs in order when one fails', async () => {
    const failing = new SilentOutput();
    failing.run = async () => {
      throw new EcliError('OUTPUT_FAILED', 'map counts: gone');
    };
    const other = new SilentOutput();
    const { program: ending, ended } = program({ outputs: [failing, other] });
    await ending.attach();
    expect(await ended).toBe('map counts: gone');
    expect(await ending.detach()).toEqual({ code: 1, reason: 'map counts: gone' });
  });

  test('pauses and ends in any order', async () => {
    const { program: ending, ended } = program({ outputs: [new SilentOutput()] });
    await ending.pause();
    await ending.attach();
    await Promise.all([ending.detach(), ending.resume(), ending.pause(), ending.detach()]);
    expect(await ended).toBe('complete');
    await expect(ending.attach()).rejects.toThrow('a program is attached once');
  });
});
