import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Backpressure, LogChunk } from '@ecli/core';
import { FakeEntries } from '../../test/fake-entries.ts';
import { LogStream } from '../log-stream.ts';
import { EventBudget } from '../output.ts';
import type { Rows } from '../rows/rows.ts';
import { checkInterval, MapSampler, type SamplerOptions } from './map-sampler.ts';

/** Writes key and value. */
class PairRows implements Rows {
  readonly header = 'KEY VALUE';
  readonly sampleSize = 16;
  readonly maxBytes = 40;
  times: number[] = [];

  setTime(us: number): void {
    this.times.push(us);
  }

  write(...[{ view }, offset, out, position]: Parameters<Rows['write']>): number {
    const row = `${view.getUint32(offset, true)} ${view.getBigUint64(offset + 8, true)}\n`;
    return position + new TextEncoder().encodeInto(row, out.subarray(position)).written;
  }
}

const started: MapSampler[] = [];

afterEach(() => {
  jest.useRealTimers();
  for (const sampler of started.splice(0)) sampler.stop();
});

/** A sampler that runs on a clock of the test. */
class Running {
  readonly entries: FakeEntries;
  readonly sampler: MapSampler;
  readonly stream = new LogStream();
  readonly chunks: LogChunk[] = [];
  readonly subscription: { unsubscribe(): void };
  readonly ended: Promise<void>;
  hasEnded = false;

  constructor(options: Partial<SamplerOptions> = {}, entries = new FakeEntries()) {
    jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask'] });
    this.entries = entries;
    this.sampler = new MapSampler({
      name: 'counts',
      entries,
      rows: new PairRows(),
      intervalMs: 100,
      stream: this.stream,
      ...options,
    });
    this.subscription = this.stream.logs.subscribe((chunk) => this.chunks.push(chunk));
    this.stream.open([]);
    this.ended = this.sampler.run().then(() => {
      this.hasEnded = true;
    });
    started.push(this.sampler);
  }

  async pass(ms: number): Promise<void> {
    await jest.advanceTimersByTimeAsync(ms);
    await turns();
  }

  /** Lines of events since the last call. */
  take(): string[] {
    const bytes = this.chunks.splice(0).map((chunk) => chunk.bytes);
    return Buffer.concat(bytes).toString().split('\n').slice(0, -1);
  }

  async stop(): Promise<string[]> {
    this.sampler.stop();
    await this.ended;
    return this.take();
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('MapSampler', () => {
  test('reads after each interval, and once more at the end', async () => {
    const running = new Running();
    running.entries.content.set(1, 10);
    await running.pass(99);
    expect(running.take()).toEqual([]);
    await running.pass(1);
    expect(running.take()).toEqual(['1 10']);
    running.entries.content.set(2, 20);
    await running.pass(100);
    expect(running.take()).toEqual(['1 10', '2 20']);
    running.entries.content.set(3, 30);
    expect(await running.stop()).toEqual(['1 10', '2 20', '3 30']);
    expect(running.sampler.counts).toEqual({ events: 6, bytes: 72, lost: 0, dropped: 0, filtered: 0 });
  });

  test('keeps to its times, and leaves out readings that it is late for', async () => {
    const gate = new Gate();
    const running = new Running({ backpressure: gate });
    running.entries.content.set(1, 1);
    gate.shut();
    await running.pass(350);
    expect(running.entries.readings).toBe(0);
    gate.release();
    await turns();
    expect(running.take()).toEqual(['1 1']);
    await running.pass(49);
    expect(running.take()).toEqual([]);
    await running.pass(1);
    expect(running.take()).toEqual(['1 1']);
  });

  test('more entries than a chunk or a batch has room for come whole and in order', async () => {
    const running = new Running({}, new FakeEntries(1000));
    for (let key = 0; key < 50_000; key++) running.entries.content.set(key, key * 2);
    const shown = await running.stop();
    expect(shown).toHaveLength(50_000);
    expect(shown.findIndex((line, index) => line !== `${index} ${index * 2}`)).toBe(-1);
  });

  test('waits in the middle of a reading while nobody takes its output', async () => {
    const gate = new Gate();
    const running = new Running({ backpressure: gate }, new FakeEntries(1000));
    for (let key = 0; key < 5000; key++) running.entries.content.set(key, key);
    running.stream.logs.subscribe(() => gate.shut());
    running.sampler.stop();
    await turns();
    const before = running.take().length;
    expect(before).toBeLessThan(5000);
    expect(running.hasEnded).toBe(false);
    let total = before;
    while (!running.hasEnded) {
      gate.release();
      await turns();
      total += running.take().length;
    }
    expect(total).toBe(5000);
  });

  test('ends in the middle of a reading once no more may be shown', async () => {
    const budget = new EventBudget(5);
    const running = new Running({ budget });
    for (let key = 0; key < 20; key++) running.entries.content.set(key, key);
    await running.pass(100);
    await running.ended;
    expect(running.take()).toHaveLength(5);
    expect(budget.remaining).toBe(0);
  });

  test('reads nothing while it is paused, and at its times after that', async () => {
    const running = new Running();
    running.entries.content.set(1, 1);
    running.sampler.pause();
    await running.pass(250);
    expect(running.entries.readings).toBe(0);
    running.sampler.resume();
    await running.pass(49);
    expect(running.entries.readings).toBe(0);
    await running.pass(1);
    expect(running.entries.readings).toBe(1);
  });

  test('a stop ends a pause, with a last reading', async () => {
    const running = new Running();
    running.entries.content.set(1, 1);
    running.sampler.pause();
    await running.pass(150);
    expect(await running.stop()).toEqual(['1 1']);
  });

  test('shows only what a filter lets through, and counts the rest', async () => {
    const filter = {
      sampleSize: 16,
      matches: ({ view }: { view: DataView }, at: number) => view.getUint32(at, true) % 2 === 1,
    };
    const running = new Running({ filter });
    for (let key = 0; key < 6; key++) running.entries.content.set(key, key);
    expect(await running.stop()).toEqual(['1 1', '3 3', '5 5']);
    expect(running.sampler.counts).toMatchObject({ events: 3, filtered: 3 });
  });

  test('asks the filter once for each entry that is sorted', async () => {
    let asked = 0;
    const filter = {
      sampleSize: 16,
      matches: ({ view }: { view: DataView }, at: number) => ++asked > 0 && view.getUint32(at, true) > 2,
    };
    const order = {
      descending: true,
      order: (_memory: unknown, _stride: number, count: number) =>
        Uint32Array.from({ length: count }, (_, index) => count - 1 - index),
    };
    const running = new Running({ filter, order });
    for (let key = 0; key < 5; key++) running.entries.content.set(key, key);
    expect(await running.stop()).toEqual(['4 4', '3 3']);
    expect(running.sampler.counts).toMatchObject({ events: 2, filtered: 3 });
    expect(asked).toBe(5);
  });

  test('sorts all of a reading', async () => {
    const order = {
      descending: true,
      order: ({ view }: { view: DataView }, stride: number, count: number) =>
        Uint32Array.from(
          Array.from({ length: count }, (_, index) => index).toSorted(
            (a, b) =>
              Number(view.getBigUint64(b * stride + 8, true)) -
              Number(view.getBigUint64(a * stride + 8, true)),
          ),
        ),
    };
    const running = new Running({ order });
    for (const [key, value] of [
      [1, 5],
      [2, 50],
      [3, 1],
      [4, 20],
    ] as const)
      running.entries.content.set(key, value);
    expect(await running.stop()).toEqual(['2 50', '4 20', '1 5', '3 1']);
  });

  test('shows a picture as one chunk that names the map, and no header', async () => {
    const picture = {
      draw: ({ count }: { count: number }, { elapsedMs }: { elapsedMs: number }) => [
        `${count} after ${elapsedMs}`,
        'end',
      ],
    };
    const running = new Running({ picture });
    running.entries.content.set(1, 1);
    await running.pass(100);
    expect(running.chunks).toMatchObject([{ frame: 'counts', lines: 2, stream: 'plain' }]);
    expect(running.take()).toEqual(['1 after 100', 'end']);
    expect(running.sampler.header).toBeUndefined();
    await running.stop();
  });

  test('says once what a reading cannot show', async () => {
    const entries = new FakeEntries();
    entries.limitation = 'only the next value';
    const running = new Running({}, entries);
    expect(await running.stop()).toEqual(['map counts: only the next value']);
  });

  test('a reader that goes away does not hold it', async () => {
    const gate = new Gate();
    const running = new Running({ backpressure: gate });
    running.entries.content.set(1, 1);
    gate.shut();
    running.sampler.stop();
    await turns();
    expect(running.hasEnded).toBe(false);
    running.subscription.unsubscribe();
    await turns();
    expect(running.hasEnded).toBe(true);
  });
});

test.each([0, -1, 86_400_001, Number.NaN])('refuses an interval of %d ms, naming the map', (interval) => {
  expect(() => checkInterval('counts', interval)).toThrow(
    `map counts: its sample interval is ${interval} ms`,
  );
});

/** A sink that is full until it is told otherwise. */
class Gate implements Backpressure {
  private open: (() => void) | undefined;
  private closed: Promise<void> | undefined;

  wait(): Promise<void> | undefined {
    return this.closed;
  }

  shut(): void {
    this.closed ??= new Promise((resolve) => {
      this.open = resolve;
    });
  }

  release(): void {
    this.closed = undefined;
    this.open?.();
  }
}
