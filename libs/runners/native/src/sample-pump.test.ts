import { afterEach, describe, expect, test } from '@jest/globals';
import type { Backpressure, LogChunk } from '@ecli/core';
import { FakeReader } from '../test/fake-reader.ts';
import { LogStream } from './log-stream.ts';
import { EventBudget } from './output.ts';
import type { Rows } from './rows/rows.ts';
import { type EmitterOptions, SampleEmitter } from './sample-emitter.ts';
import { type PumpOptions, SamplePump } from './sample-pump.ts';

/** Writes the two words of a sample, so that padding shows. */
class WordRows implements Rows {
  readonly sampleSize = 16;
  readonly maxBytes = 40;

  setTime(): void {}

  write(...[{ view }, offset, out, position]: Parameters<Rows['write']>): number {
    const row = `${view.getUint32(offset, true)} ${view.getUint32(offset + 4, true)}\n`;
    return position + new TextEncoder().encodeInto(row, out.subarray(position)).written;
  }
}

const started: SamplePump[] = [];

// A pump that a failed test left running would keep the process alive.
afterEach(() => {
  for (const pump of started.splice(0)) pump.stop();
});

/** A pump of words, unless `options` says otherwise. */
function pumpOf(
  options: Partial<PumpOptions & EmitterOptions> & Pick<PumpOptions, 'reader' | 'stream'>,
): SamplePump {
  const common = {
    name: 'words',
    rows: new WordRows(),
    typeName: 'struct word',
    budget: new EventBudget(),
    ...options,
  };
  return new SamplePump({ emitter: new SampleEmitter(common), ...common });
}

/** A pump that runs, what came out of it, and a way to wait for more. */
class Running {
  readonly reader: FakeReader;
  readonly pump: SamplePump;
  readonly chunks: LogChunk[] = [];
  readonly ended: Promise<void>;
  readonly stream = new LogStream();
  private readonly watchers: (() => void)[] = [];

  constructor(options: Partial<PumpOptions & EmitterOptions> = {}, reader = new FakeReader()) {
    this.reader = reader;
    this.pump = pumpOf({ reader, stream: this.stream, ...options });
    this.stream.logs.subscribe((chunk) => {
      this.chunks.push(chunk);
      for (const watcher of this.watchers) watcher();
    });
    this.stream.open([]);
    this.ended = this.pump.run();
    started.push(this.pump);
  }

  /** The numbers shown so far. */
  get shown(): number[] {
    return this.lines('plain').map((line) => Number(line.split(' ')[0]));
  }

  lines(stream: LogChunk['stream']): string[] {
    const bytes = this.chunks.filter((chunk) => chunk.stream === stream).map((chunk) => chunk.bytes);
    return Buffer.concat(bytes).toString().split('\n').slice(0, -1);
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => (condition() ? resolve() : undefined);
      this.watchers.push(check);
      check();
    });
  }

  async stop(): Promise<void> {
    this.pump.stop();
    await this.ended;
  }
}

/** A sink that is full until it is told otherwise. */
class Gate implements Backpressure {
  asked = 0;
  private open: (() => void) | undefined;
  private closed: Promise<void> | undefined;

  wait(): Promise<void> | undefined {
    this.asked++;
    return this.closed;
  }

  shut(): void {
    this.closed = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  release(): void {
    this.closed = undefined;
    this.open?.();
  }
}

function numbers(count: number, from = 0): number[] {
  return Array.from({ length: count }, (_, index) => from + index);
}

/** How many there are, and where the first stands that isn't its own index: a diff of so many takes minutes. */
function misplaced(shown: readonly number[]): { length: number; first: number } {
  return { length: shown.length, first: shown.findIndex((number, index) => number !== index) };
}

/** Lets everything run that is ready to. */
async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

describe('SamplePump', () => {
  test('shows every sample once, in order, however they come', async () => {
    const running = new Running();
    for (let from = 0; from < 5000; from += 500) {
      running.reader.write(numbers(500, from));
      await running.until(() => running.shown.length >= from + 500);
    }
    await running.stop();
    expect(misplaced(running.shown)).toEqual({ length: 5000, first: -1 });
  });

  test('shows the first sample after a silence without a rest', async () => {
    const running = new Running();
    await turns();
    running.reader.write([1]);
    // Turns of the event loop are not time: a rest would take ten milliseconds of them.
    await turns(3);
    expect(running.shown).toEqual([1]);
    await running.stop();
  });

  test('goes to sleep once when nothing comes', async () => {
    const running = new Running();
    running.reader.write(numbers(100));
    await running.until(() => running.shown.length === 100);
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(running.reader.waits).toBeLessThanOrEqual(2);
    await running.stop();
  });

  test('looks often into the buffer of a program that does not wake it, once it has noticed', async () => {
    const running = new Running();
    running.reader.silent = true;
    running.reader.write([0]);
    await running.until(() => running.shown.length === 1);
    await turns();
    running.reader.write([1]);
    await running.until(() => running.shown.length === 2);
    await turns();
    const began = performance.now();
    running.reader.write([2]);
    await running.until(() => running.shown.length === 3);
    expect(performance.now() - began).toBeLessThan(500);
    await running.stop();
  });

  test('shows what is in the buffer when it is stopped, to the last sample', async () => {
    const running = new Running();
    await turns();
    running.reader.write(numbers(777));
    await running.stop();
    expect(running.shown).toEqual(numbers(777));
  });

  test('waits at the end for a record that is being written, but not forever', async () => {
    const finished = new Running();
    finished.reader.unfinished = 1;
    await turns();
    finished.pump.stop();
    await turns();
    finished.reader.unfinished = 0;
    finished.reader.write([7]);
    await finished.ended;
    expect(finished.shown).toEqual([7]);

    const stuck = new Running();
    stuck.reader.unfinished = 1;
    await stuck.stop();
    expect(stuck.shown).toEqual([]);
  });

  test('ends by itself after exactly maxEvents, and leaves the rest in the buffer', async () => {
    const running = new Running({ budget: new EventBudget(250) });
    running.reader.write(numbers(100));
    await running.until(() => running.shown.length === 100);
    running.reader.write(numbers(200, 100));
    await running.ended;
    expect(running.shown).toEqual(numbers(250));
    expect(running.reader.pendingBytes()).toBe(50 * 16);
  });

  test('ends at once when no event is wanted', async () => {
    const running = new Running({ budget: new EventBudget(0) });
    await running.ended;
    expect(running.shown).toEqual([]);
  });

  test('leaves samples in the buffer while its sink is full', async () => {
    const backpressure = new Gate();
    const running = new Running({ backpressure });
    await turns();
    backpressure.shut();
    running.reader.write(numbers(10));
    await turns();
    expect(running.shown).toEqual([]);
    expect(running.reader.pendingBytes()).toBe(160);
    backpressure.release();
    await running.until(() => running.shown.length === 10);
    await running.stop();
  });

  test('waits for a full sink at the end too, and then shows the rest', async () => {
    const backpressure = new Gate();
    const running = new Running({ backpressure });
    backpressure.shut();
    running.reader.write(numbers(10));
    running.pump.stop();
    await turns();
    expect(running.shown).toEqual([]);
    backpressure.release();
    await running.ended;
    expect(running.shown).toEqual(numbers(10));
  });

  test('drops what a full sink cannot take where it is told to, and says so', async () => {
    const backpressure = new Gate();
    const running = new Running({ backpressure, onSlow: 'drop' });
    running.reader.write(numbers(3));
    await running.until(() => running.shown.length === 3);
    backpressure.shut();
    running.reader.write(numbers(10));
    await running.until(() => running.pump.counts.dropped === 10);
    expect(running.reader.pendingBytes()).toBe(0);
    running.reader.write(numbers(5));
    await running.pump.catchUp();
    backpressure.release();
    running.reader.write(numbers(2, 20));
    await running.until(() => running.shown.length === 5);
    await running.stop();
    expect(running.shown).toEqual([0, 1, 2, 20, 21]);
    expect(running.pump.counts).toEqual({ events: 5, bytes: 80, lost: 0, dropped: 15, filtered: 0 });
    expect(running.lines('stderr')).toEqual([
      '10 events dropped: they came faster than the output was taken',
      '5 events dropped: they came faster than the output was taken',
      '15 events dropped in all',
    ]);
  });

  test('does not end later for a full sink where it drops', async () => {
    const backpressure = new Gate();
    const running = new Running({ backpressure, onSlow: 'drop' });
    backpressure.shut();
    running.reader.write(numbers(4));
    await running.stop();
    expect(running.pump.counts).toMatchObject({ events: 0, dropped: 4 });
  });

  test('drops nothing while paused: the kernel keeps it', async () => {
    const backpressure = new Gate();
    const running = new Running({ backpressure, onSlow: 'drop' });
    running.pump.pause();
    backpressure.shut();
    running.reader.write(numbers(4));
    await turns();
    expect(running.pump.counts).toMatchObject({ dropped: 0 });
    backpressure.release();
    running.pump.resume();
    await running.until(() => running.shown.length === 4);
    await running.stop();
  });

  test('does not wait for a sink that nobody reads any more', async () => {
    const backpressure = new Gate();
    const reader = new FakeReader();
    const stream = new LogStream();
    const pump = pumpOf({ reader, stream, backpressure });
    const subscription = stream.logs.subscribe();
    const ended = pump.run();
    backpressure.shut();
    reader.write(numbers(10));
    pump.stop();
    await turns();
    subscription.unsubscribe();
    await ended;
    expect(reader.pendingBytes()).toBe(0);
  });

  test('shows nothing while paused, what came meanwhile after resume, and all of it when stopped', async () => {
    const running = new Running();
    running.pump.pause();
    running.reader.write(numbers(5));
    await turns();
    expect(running.shown).toEqual([]);
    running.pump.resume();
    await running.until(() => running.shown.length === 5);
    running.pump.pause();
    running.reader.write(numbers(5, 5));
    await running.stop();
    expect(running.shown).toEqual(numbers(10));
  });

  test('catches up at once with what is in the buffer, unless it may not', async () => {
    const running = new Running();
    await turns();
    running.reader.write(numbers(10));
    await running.pump.catchUp();
    expect(running.shown).toEqual(numbers(10));
    // Asleep, with nothing to wake it for a second.
    await turns();
    await running.pump.catchUp();
    running.pump.pause();
    running.reader.write(numbers(10, 10));
    await running.pump.catchUp();
    expect(running.shown).toHaveLength(10);
    await running.stop();
    await running.pump.catchUp();
    expect(running.shown).toHaveLength(20);
  });

  test('pads a short sample with zeros, also after a longer one', async () => {
    const running = new Running();
    running.reader.write([1], 16);
    running.reader.write([2], 6);
    running.reader.write([3], 4);
    await running.stop();
    expect(running.lines('plain')).toEqual(['1 4294967295', '2 65535', '3 0']);
  });

  test('gives chunks away: later ones leave them as they were, and each has its own memory', async () => {
    const running = new Running();
    running.reader.write(numbers(10));
    await running.until(() => running.shown.length === 10);
    const [first] = running.chunks;
    running.reader.write(numbers(10, 10));
    await running.stop();
    expect(first?.bytes.buffer.byteLength).toBe(first?.bytes.byteLength);
    expect(running.shown).toEqual(numbers(20));
  });

  test('writes over the buffer of a chunk only when it was released', async () => {
    const running = new Running({}, new FakeReader(100_000));
    running.reader.write(numbers(30_000));
    await running.until(() => running.shown.length === 30_000);
    const [first] = running.chunks;
    expect(first?.release).toBeDefined();
    const kept = Buffer.from(first?.bytes ?? []);
    running.reader.write(numbers(30_000, 30_000));
    await running.until(() => running.shown.length === 60_000);
    expect(kept.equals(first?.bytes ?? kept.subarray(1))).toBe(true);
    first?.release?.();
    running.reader.write(numbers(60_000, 60_000));
    await running.stop();
    expect(kept.equals(first?.bytes ?? kept.subarray(1))).toBe(false);
  });

  test('cuts a full buffer into chunks and lets timers run between them', async () => {
    const running = new Running({}, new FakeReader(100_000));
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    running.reader.write(numbers(100_000));
    await running.stop();
    clearInterval(timer);
    expect(misplaced(running.shown)).toEqual({ length: 100_000, first: -1 });
    expect(running.chunks.length).toBeGreaterThan(3);
    expect(ticks).toBeGreaterThan(1);
  });

  test('gives no buffer back that a second receiver still holds', async () => {
    const running = new Running({}, new FakeReader(100_000));
    running.stream.logs.subscribe();
    running.reader.write(numbers(30_000));
    await running.stop();
    expect(running.chunks.map(({ release }) => release)).toEqual(running.chunks.map(() => undefined));
  });

  test.each([
    [8, 'what is missing is shown as zero'],
    [24, 'the rest is not shown'],
  ])('says once that events have %i bytes and their type another size', async (bytes, shown) => {
    const running = new Running();
    running.reader.write([1, 2], bytes);
    running.reader.write([3]);
    await running.stop();
    expect(running.lines('stderr')).toEqual([
      `an event has ${bytes} bytes, struct word has 16: ${shown}; --export STRUCT names another`,
    ]);
  });

  test('says nothing of the rest of events of which a part is to be shown', async () => {
    const running = new Running({ isPart: true });
    running.reader.write([1], 24);
    await running.stop();
    expect(running.lines('stderr')).toEqual([]);
  });

  test('takes the filling of a perf buffer for no part of an event', async () => {
    const running = new Running();
    running.reader.write([1], 20);
    await running.stop();
    expect(running.lines('stderr')).toEqual([]);
  });

  test('says what the kernel lost, and how much in all at the end', async () => {
    const running = new Running({}, new FakeReader(10));
    running.reader.write(numbers(15));
    await running.until(() => running.lines('stderr').length === 1);
    expect(running.lines('stderr')).toEqual(["5 events lost: the kernel's buffer was full"]);
    running.reader.write(numbers(11, 20));
    await running.until(() => running.shown.length === 20);
    expect(running.lines('stderr')).toHaveLength(1);
    await running.stop();
    expect(running.lines('stderr')).toEqual([
      "5 events lost: the kernel's buffer was full",
      "1 event lost: the kernel's buffer was full",
      '6 events lost in all',
    ]);
  });

  test('fails when its reader or its rows do', async () => {
    const rows = new WordRows();
    rows.write = () => {
      throw new Error('broken');
    };
    const running = new Running({ rows });
    running.reader.write([1]);
    await expect(running.ended).rejects.toThrow('broken');
  });
});
