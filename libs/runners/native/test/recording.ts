import { EcliError, type LoadSpec, type LogChunk, type Program } from '@ecli/core';
import { NativeRunner } from '../src/index.ts';

/** What the tests load with. */
export const runner = new NativeRunner();
const running: Program[] = [];

/** Ends what a test left running; for afterEach. */
export async function detachAll(): Promise<void> {
  for (const program of running.splice(0)) await program.detach();
}

/** Has detachAll end a program too. */
export function detachLater(program: Program): void {
  running.push(program);
}

/** A loaded program and all that came out of it. */
export class Recording {
  readonly chunks: LogChunk[] = [];
  readonly completion: Promise<void>;
  private readonly watchers: (() => void)[] = [];

  private constructor(readonly program: Program) {
    running.push(program);
    this.completion = new Promise((resolve, reject) => {
      program.logs.subscribe({
        next: (chunk) => {
          this.chunks.push(chunk);
          for (const watcher of this.watchers) watcher();
        },
        error: reject,
        complete: resolve,
      });
    });
    this.completion.catch(() => undefined);
  }

  static async load(spec: LoadSpec): Promise<Recording> {
    return new Recording(await runner.load(spec));
  }

  static async attached(spec: LoadSpec): Promise<Recording> {
    const recording = await Recording.load(spec);
    await recording.program.attach();
    return recording;
  }

  text(stream: LogChunk['stream'] = 'plain'): string {
    return Buffer.concat(
      this.chunks.filter((chunk) => chunk.stream === stream).map(({ bytes }) => bytes),
    ).toString();
  }

  lines(stream: LogChunk['stream'] = 'plain'): string[] {
    return this.text(stream).split('\n').slice(0, -1);
  }

  events(): Record<string, unknown>[] {
    return this.lines().map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  numbers(): unknown[] {
    return this.events().map(({ number }) => number);
  }

  /** How many events there are, and where the first stands that isn't numbered so: a diff of many takes minutes. */
  misplaced(): { length: number; first: number } {
    const numbers = this.numbers();
    return { length: numbers.length, first: numbers.findIndex((number, index) => number !== index) };
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => (condition() ? resolve() : undefined);
      this.watchers.push(check);
      check();
    });
  }
}

/** The error that a promise fails with, which has to be one of ours. */
export async function failureOf(promise: Promise<unknown>): Promise<EcliError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof EcliError) return error;
  throw new Error('an EcliError should have come', { cause: error });
}
