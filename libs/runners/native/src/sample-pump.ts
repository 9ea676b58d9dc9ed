import type { SampleReader } from '@ecli/bpf';
import { type SampleMemory, sampleMemory } from '@ecli/btf';
import type { Backpressure } from '@ecli/core';
import { ChunkMemory } from './chunk-memory.ts';
import type { LogStream } from './log-stream.ts';
import { LossReport } from './loss-report.ts';
import { Pacing } from './pacing.ts';
import type { Rows } from './rows.ts';

/** A chunk ends with the row that reaches this size. Measured: see bench/. */
const CHUNK_BYTES = 128 * 1024;
/** Under a flood of events, timers and signals get their turn after this long. */
const LONGEST_TURN_MS = 4;
/** How long to wait for the kernel's word. Not forever: see SILENT_WAIT_MS. */
const WAIT_MS = 1000;
/** The same for a program that writes with BPF_RB_NO_WAKEUP, so that its events come without a word. */
const SILENT_WAIT_MS = 40;
/** A record that a program reserved and hasn't finished after the last link went is given up after this long. */
const UNFINISHED_RECORD_MS = 100;

export interface PumpOptions {
  readonly reader: SampleReader;
  readonly rows: Rows;
  readonly stream: LogStream;
  readonly backpressure?: Backpressure | undefined;
  readonly maxEvents?: number | undefined;
}

/**
 * Carries samples from a kernel buffer to a log stream as rendered rows, one chunk at a time. While the reader
 * of the stream can't take more, or the pump is paused, events stay in the kernel's buffer.
 */
export class SamplePump {
  private readonly reader: SampleReader;
  private readonly rows: Rows;
  private readonly stream: LogStream;
  private readonly backpressure: Backpressure | undefined;
  private readonly loss = new LossReport();
  private readonly pacing: Pacing;
  private readonly chunks: ChunkMemory;
  private out: Uint8Array;
  private readonly short: SampleMemory;
  private memory: SampleMemory;
  /** Events still to show. */
  private remaining: number;
  private position = 0;
  private samples = 0;
  private bytes = 0;
  private samplesSinceEmpty = 0;
  private bytesSinceEmpty = 0;
  private waitMs = WAIT_MS;
  private timedOut = false;
  private turnBegan = 0;
  private giveUpAt = 0;
  private paused = false;
  private running = false;
  private readonly catchingUp: (() => void)[] = [];
  private stopping = false;
  private interrupt: () => void = () => undefined;

  constructor({ reader, rows, stream, backpressure, maxEvents = Infinity }: PumpOptions) {
    this.reader = reader;
    this.rows = rows;
    this.stream = stream;
    this.backpressure = backpressure;
    this.memory = reader.memory;
    this.remaining = maxEvents;
    this.pacing = new Pacing(reader.capacityBytes, performance.now());
    this.chunks = new ChunkMemory(CHUNK_BYTES + rows.maxBytes);
    this.out = this.chunks.take();
    this.short = sampleMemory(new Uint8Array(Math.ceil(rows.sampleSize / 8) * 8));
    stream.whenAbandoned(() => this.interrupt());
  }

  /** Runs until `maxEvents` are shown, or until `stop` was called and the buffer is empty. */
  async run(): Promise<void> {
    this.running = true;
    this.turnBegan = performance.now();
    try {
      while (this.remaining > 0) {
        if (this.isHeld()) await this.untilReleased();
        else if (this.pumpChunk()) await this.giveTurn();
        else if (!this.stopping) await this.rest();
        else if (!(await this.moreIsComing())) break;
      }
    } finally {
      this.running = false;
      this.tellCaughtUp();
    }
    for (const line of this.loss.finish(this.reader.lost)) this.stream.say(line);
  }

  /** Resolves when the buffer has been found empty, or can't be emptied now, or by this pump never will. */
  async catchUp(): Promise<void> {
    if (!this.running) return;
    const caughtUp = new Promise<void>((resolve) => this.catchingUp.push(resolve));
    this.interrupt();
    this.reader.wake();
    await caughtUp;
  }

  /** Takes nothing more out of the buffer until `resume` or `stop`. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.interrupt();
  }

  /** Lets `run` show what is in the buffer and end. */
  stop(): void {
    this.stopping = true;
    this.giveUpAt = performance.now() + UNFINISHED_RECORD_MS;
    this.interrupt();
    this.reader.wake();
  }

  /** Renders and emits one chunk; true when it is full, so that there may be more. */
  private pumpChunk(): boolean {
    const timeUs = this.stream.now();
    this.rows.setTime(timeUs / 1000);
    this.position = 0;
    this.samples = 0;
    this.bytes = 0;
    this.memory = this.reader.memory;
    this.reader.drain(this.visit);
    if (this.samples > 0) this.emitChunk(timeUs);
    const line = this.loss.update(this.reader.lost, performance.now());
    if (line !== undefined) this.stream.say(line);
    return this.position >= CHUNK_BYTES;
  }

  /** A field, so that a drain makes no closure. */
  private readonly visit = (offset: number, length: number): boolean => {
    if (this.position >= CHUNK_BYTES || this.samples >= this.remaining) return false;
    this.samples++;
    this.bytes += length;
    this.position =
      length < this.rows.sampleSize
        ? this.writeShort(offset, length)
        : this.rows.write(this.memory, offset, this.out, this.position);
    return true;
  };

  private writeShort(offset: number, length: number): number {
    this.short.u8.fill(0, length);
    this.short.u8.set(this.memory.u8.subarray(offset, offset + length));
    return this.rows.write(this.short, 0, this.out, this.position);
  }

  private emitChunk(timeUs: number): void {
    this.remaining -= this.samples;
    this.samplesSinceEmpty += this.samples;
    this.bytesSinceEmpty += this.bytes;
    if (!this.stream.observed) return;
    const chunk = { stream: 'plain', timeUs, lines: this.samples } as const;
    // A copy of few bytes is cheap, and a receiver that keeps chunks shouldn't keep a nearly empty buffer.
    if (this.position < CHUNK_BYTES / 2) {
      this.stream.emit({ ...chunk, bytes: this.out.slice(0, this.position) });
      return;
    }
    const { out } = this;
    this.out = this.chunks.take();
    const release = this.chunks.returnOf(out);
    this.stream.emit({ ...chunk, bytes: out.subarray(0, this.position), release });
  }

  private isHeld(): boolean {
    return (this.paused && !this.stopping) || this.sinkIsFull() !== undefined;
  }

  private sinkIsFull(): Promise<void> | undefined {
    return this.stream.observed ? this.backpressure?.wait() : undefined;
  }

  private tellCaughtUp(): void {
    for (const resolve of this.catchingUp.splice(0)) resolve();
  }

  private async untilReleased(): Promise<void> {
    this.tellCaughtUp();
    const sink = this.sinkIsFull();
    await new Promise<void>((resolve, reject) => {
      this.interrupt = resolve;
      sink?.then(resolve, reject);
    });
    this.turnBegan = performance.now();
  }

  private async giveTurn(): Promise<void> {
    if (performance.now() - this.turnBegan < LONGEST_TURN_MS) return;
    await new Promise<void>((resolve) => setImmediate(resolve));
    this.turnBegan = performance.now();
  }

  /** Lets time pass after the buffer was found empty. */
  private async rest(): Promise<void> {
    this.tellCaughtUp();
    const now = performance.now();
    const samples = this.samplesSinceEmpty;
    const restMs = this.pacing.rest(now, samples, this.bytesSinceEmpty);
    this.samplesSinceEmpty = 0;
    this.bytesSinceEmpty = 0;
    if (restMs === undefined) await this.waitForSamples(samples > 0);
    else if (restMs > 0) await this.sleep(restMs);
    else await new Promise<void>((resolve) => setImmediate(resolve));
    this.turnBegan = performance.now();
  }

  private async waitForSamples(cameSince: boolean): Promise<void> {
    // Samples after a wait that nothing ended but its limit: their program doesn't wake its reader.
    if (cameSince) this.waitMs = this.timedOut ? SILENT_WAIT_MS : WAIT_MS;
    const began = performance.now();
    await this.reader.wait(this.waitMs);
    this.timedOut = performance.now() - began >= this.waitMs;
  }

  private async sleep(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.interrupt = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** After `stop`: whether a program on another processor may still finish a record that it reserved. */
  private async moreIsComing(): Promise<boolean> {
    if (this.reader.pendingBytes() === 0) return false;
    const now = performance.now();
    if (this.samples > 0) this.giveUpAt = now + UNFINISHED_RECORD_MS;
    if (now > this.giveUpAt) return false;
    await this.sleep(1);
    return true;
  }
}
