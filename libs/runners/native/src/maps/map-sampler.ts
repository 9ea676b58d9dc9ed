import type { MapEntries } from '@ecli/bpf';
import type { SampleFilter, SortKey } from '@ecli/btf';
import { type Backpressure, EcliError, printable, type ProgramCounts } from '@ecli/core';
import { ChunkRenderer } from '../chunk-renderer.ts';
import type { LogStream } from '../log-stream.ts';
import { EventBudget, type Output } from '../output.ts';
import type { Rows } from '../rows/rows.ts';
import { BatchRecords, KeptRecords, type Records } from './entry-records.ts';

const LONGEST_INTERVAL_MS = 24 * 3_600_000;
/** While a large map is read, timers and signals get their turn after this long. */
const LONGEST_TURN_MS = 4;

/** When a map was read. */
export interface Reading {
  /** Microseconds since the epoch. */
  readonly timeUs: number;
  /** Since the reading before, or since the start. */
  readonly elapsedMs: number;
}

/** Makes of all that a reading found one picture, which a screen draws over the one before. */
export interface Picture {
  /** The picture's lines. */
  draw(records: KeptRecords, reading: Reading): readonly string[];
}

export interface SamplerOptions {
  /** The map's. */
  readonly name: string;
  readonly entries: MapEntries;
  readonly rows: Rows;
  /** Entries that don't match aren't shown. */
  readonly filter?: SampleFilter | undefined;
  /** By default, entries come in the map's order. */
  readonly order?: SortKey | undefined;
  /** Shown in place of rows. */
  readonly picture?: Picture | undefined;
  readonly intervalMs: number;
  readonly stream: LogStream;
  readonly backpressure?: Backpressure | undefined;
  /** Shared by all outputs of a program. */
  readonly budget?: EventBudget;
}

/**
 * Shows a map's entries again and again: each `interval` after attach, however long a reading takes, and once more
 * at the end, so that short runs and what came last are seen. A reading that is due while the one before still runs,
 * or while nobody takes its output, is left out.
 */
export class MapSampler implements Output {
  readonly name: string;
  private readonly options: SamplerOptions;
  private readonly chunk: ChunkRenderer;
  private readonly budget: EventBudget;
  private events = 0;
  private bytes = 0;
  private filtered = 0;
  private paused = false;
  private stopping = false;
  private turnBegan = 0;
  private readAt = 0;
  private interrupt: () => void = () => undefined;

  constructor(options: SamplerOptions) {
    this.options = options;
    this.name = options.name;
    this.budget = options.budget ?? new EventBudget();
    // Records that are kept to be sorted have passed the filter.
    this.chunk = new ChunkRenderer(options.rows, options.order ? undefined : options.filter);
    options.stream.whenAbandoned(() => this.interrupt());
  }

  get header(): string | undefined {
    return this.options.picture ? undefined : this.options.rows.header;
  }

  get counts(): ProgramCounts {
    return { events: this.events, bytes: this.bytes, lost: 0, dropped: 0, filtered: this.filtered };
  }

  async run(): Promise<void> {
    const { intervalMs, stream, entries } = this.options;
    if (entries.limitation !== undefined) stream.say(`map ${this.name}: ${entries.limitation}`);
    const began = performance.now();
    this.readAt = began;
    let due = began + intervalMs;
    while (this.budget.remaining > 0 && !this.stopping) {
      if (performance.now() < due) {
        await this.sleepUntil(due);
        continue;
      }
      if (this.paused) await this.untilResumed();
      else await this.show();
      const missed = Math.max(0, Math.floor((performance.now() - due) / intervalMs));
      due += (missed + 1) * intervalMs;
    }
    if (this.budget.remaining > 0) await this.show();
  }

  /** A map keeps what it has: nothing is lost by waiting for the last reading. */
  async catchUp(): Promise<void> {}

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.interrupt();
  }

  stop(): void {
    this.stopping = true;
    this.interrupt();
  }

  /** The map is its object's, and nothing else is held. */
  close(): void {}

  /** One reading, from the first entry to the last. */
  private async show(): Promise<void> {
    await this.untilTaken();
    const { stream, rows, picture, order } = this.options;
    const timeUs = stream.now();
    const began = performance.now();
    const elapsedMs = began - this.readAt;
    this.readAt = began;
    this.turnBegan = began;
    rows.setTime(timeUs);
    if (picture) await this.showPicture(picture, { timeUs, elapsedMs });
    else if (order) await this.showRecords(await this.keep(order), timeUs);
    else await this.showBatches(timeUs);
  }

  private async showBatches(timeUs: number): Promise<void> {
    const { entries } = this.options;
    for await (const batch of entries.batches()) {
      if (!(await this.showRecords(new BatchRecords(batch, entries.stride), timeUs))) return;
    }
  }

  /** Emits chunks; false once no more may be shown. */
  private async showRecords(records: Records, timeUs: number): Promise<boolean> {
    const { chunk, budget } = this;
    const { stream } = this.options;
    while (!records.isEmpty && budget.remaining > 0) {
      await this.untilTaken();
      chunk.fill(records, budget.remaining);
      budget.spend(chunk.shown);
      this.count(chunk.shown);
      this.filtered += chunk.visited - chunk.shown;
      if (chunk.shown > 0 && stream.observed) stream.emit({ stream: 'plain', timeUs, ...chunk.take() });
      await this.giveTurn();
    }
    return budget.remaining > 0;
  }

  private async showPicture(picture: Picture, reading: Reading): Promise<void> {
    const { stream, order } = this.options;
    const records = await this.keep(order);
    this.budget.spend(records.count);
    this.count(records.count);
    if (!stream.observed) return;
    const lines = picture.draw(records, reading);
    const bytes = new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''));
    stream.emit({ stream: 'plain', timeUs: reading.timeUs, bytes, lines: lines.length, frame: this.name });
  }

  private count(shown: number): void {
    this.events += shown;
    this.bytes += shown * this.options.entries.entryBytes;
  }

  /** Reads all that passes the filter. */
  private async keep(order: SortKey | undefined): Promise<KeptRecords> {
    const { entries, filter } = this.options;
    const records = new KeptRecords(entries.stride, filter);
    for await (const batch of entries.batches()) {
      records.add(batch);
      await this.giveTurn();
    }
    this.filtered += records.filtered;
    if (order) records.sort(order);
    return records;
  }

  private async untilTaken(): Promise<void> {
    for (;;) {
      const taken = this.options.stream.observed ? this.options.backpressure?.wait() : undefined;
      if (!taken) return;
      await new Promise<void>((resolve, reject) => {
        this.interrupt = resolve;
        taken.then(resolve, reject);
      });
    }
  }

  private async untilResumed(): Promise<void> {
    while (this.paused && !this.stopping) {
      await new Promise<void>((resolve) => {
        this.interrupt = resolve;
      });
    }
  }

  private async giveTurn(): Promise<void> {
    if (performance.now() - this.turnBegan < LONGEST_TURN_MS) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.turnBegan = performance.now();
  }

  private async sleepUntil(due: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, Math.ceil(due - performance.now()));
      this.interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** @throws PACKAGE_INVALID for an interval that no map can be sampled by */
export function checkInterval(map: string, intervalMs: number): number {
  if (intervalMs > 0 && intervalMs <= LONGEST_INTERVAL_MS) return intervalMs;
  throw new EcliError(
    'PACKAGE_INVALID',
    `map ${printable(map)}: its sample interval is ${intervalMs} ms, not between 1 and ${LONGEST_INTERVAL_MS}`,
    { hint: 'write milliseconds: /// @sample {"interval": 1000} above the map, and build again' },
  );
}
