import type { Backpressure, LogChunk, ProgramCounts, Screen } from '@ecli/core';
import type { DescriptorWriter } from './descriptor-writer.ts';

/** Shows one program's chunks to whoever reads them. */
export interface Display extends Backpressure {
  /** What rows are to be made for, where a person looks at them. */
  readonly screen?: Screen;
  /** Resolves when nobody reads any more. */
  readonly end: Promise<void>;
  show(chunk: LogChunk): void;
  /** Shows whole lines for a person, which aren't part of the output. */
  showError(bytes: Uint8Array, release?: () => void): void;
  /** Says from now on how the program called `title` does, where there is a place to say it. */
  begin(title: string, counts: () => ProgramCounts | undefined): void;
  /** Leaves the terminal as one that other output follows on. Idempotent; what is shown later is shown plainly. */
  close(): void;
  /** For a process that ends at once: undoes what a drawing that was cut off may have left. It never waits. */
  restore(): void;
}

export type Writer = Pick<DescriptorWriter, 'write' | 'wait' | 'end'>;

/** Chunks as they are, one after the other: to files, pipes and terminals of little skill. */
export class PlainDisplay implements Display {
  constructor(
    private readonly stdout: Writer,
    private readonly stderr: Writer,
    readonly screen?: Screen,
  ) {}

  get end(): Promise<void> {
    return this.stdout.end;
  }

  wait(): Promise<void> | undefined {
    return this.stdout.wait() ?? this.stderr.wait();
  }

  show({ stream, bytes, release }: LogChunk): void {
    (stream === 'stderr' ? this.stderr : this.stdout).write(bytes, release);
  }

  showError(bytes: Uint8Array): void {
    this.stderr.write(bytes);
  }

  begin(): void {}

  close(): void {}

  restore(): void {}
}
