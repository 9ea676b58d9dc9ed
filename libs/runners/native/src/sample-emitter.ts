import type { SampleReader } from '@ecli/bpf';
import type { SampleFilter } from '@ecli/btf';
import type { ProgramCounts, Screen } from '@ecli/core';
import { ChunkRenderer } from './chunk-renderer.ts';
import { HeaderRepeater } from './header-repeater.ts';
import type { LogStream } from './log-stream.ts';
import type { EventBudget } from './output.ts';
import type { Rows } from './rows/rows.ts';

export interface EmitterOptions {
  readonly rows: Rows;
  /** Samples that don't match aren't shown. */
  readonly filter?: SampleFilter | undefined;
  readonly stream: LogStream;
  /** What messages call the type of the samples: `struct event`. */
  readonly typeName: string;
  /** True where rows are meant to show a part of the samples, which may be longer then. */
  readonly isPart?: boolean | undefined;
  /** Shared by all outputs of a program. */
  readonly budget: EventBudget;
  /** Where a person sees the rows. */
  readonly screen?: Screen | undefined;
}

/** What one look into a buffer found. */
export interface Taken {
  readonly samples: number;
  readonly bytes: number;
  /** True when there may be more at once. */
  readonly isFull: boolean;
}

/** Turns what is in a buffer into chunks of a log stream, with headers where a person needs them, and counts it. */
export class SampleEmitter {
  private readonly chunk: ChunkRenderer;
  private readonly headers: HeaderRepeater;
  private events = 0;
  private bytes = 0;
  private filtered = 0;
  private hasToldOdd = false;

  constructor(private readonly options: EmitterOptions) {
    const { rows, filter, screen } = options;
    this.chunk = new ChunkRenderer(rows, filter);
    this.headers = new HeaderRepeater(rows, screen);
  }

  get header(): string | undefined {
    return this.headers.early;
  }

  get counts(): Pick<ProgramCounts, 'events' | 'bytes' | 'filtered'> {
    return { events: this.events, bytes: this.bytes, filtered: this.filtered };
  }

  /** Emits one chunk of what is in `reader`. */
  take(reader: SampleReader): Taken {
    const { chunk } = this;
    const { rows, stream, budget } = this.options;
    const timeUs = stream.now();
    rows.setTime(timeUs);
    chunk.fill(reader, budget.remaining);
    this.count();
    const { visited: samples, visitedBytes: bytes, isFull } = chunk;
    if (chunk.oddBytes !== undefined && !this.hasToldOdd) this.tellOdd(chunk.oddBytes);
    if (chunk.shown > 0 && stream.observed) this.emit(timeUs);
    return { samples, bytes, isFull };
  }

  /** Emits what rows only know when all samples are in. */
  finish(): void {
    const { rows, stream } = this.options;
    const text = rows.finish?.() ?? '';
    if (text !== '' && stream.observed) stream.emitPlain(text);
  }

  private emit(timeUs: number): void {
    const { stream } = this.options;
    const taken = this.chunk.take();
    // Rows may wait for the end.
    if (taken.bytes.byteLength === 0) return;
    const header = this.headers.before(taken.lines);
    if (header !== undefined) stream.emitHeader(header);
    stream.emit({ stream: 'plain', timeUs, ...taken });
  }

  private count(): void {
    const { visited, shown, shownBytes } = this.chunk;
    this.options.budget.spend(shown);
    this.events += shown;
    this.bytes += shownBytes;
    this.filtered += visited - shown;
  }

  /** Says, once, that samples are not what they are shown as: mostly the wrong struct of several. */
  private tellOdd(bytes: number): void {
    const { rows, stream, typeName, isPart } = this.options;
    if (isPart && bytes > rows.sampleSize) return;
    this.hasToldOdd = true;
    const shown = bytes < rows.sampleSize ? 'what is missing is shown as zero' : 'the rest is not shown';
    stream.say(
      `an event has ${bytes} bytes, ${typeName} has ${rows.sampleSize}: ${shown}; --export STRUCT names another`,
    );
  }
}
