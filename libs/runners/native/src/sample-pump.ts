import type { SampleReader } from '@ecli/bpf';
import type { Backpressure, LoadSpec, ProgramCounts } from '@ecli/core';
import type { LogStream } from './log-stream.ts';
import { LossReport } from './loss-report.ts';
import type { EventBudget, Output } from './output.ts';
import { Pacing } from './pacing.ts';
import { SampleDrop } from './sample-drop.ts';
import type { SampleEmitter } from './sample-emitter.ts';

/** Under a flood of events, timers and signals get their turn after this long. */
const LONGEST_TURN_MS = 4;
/** How long to wait for the kernel's word. Not forever: see SILENT_WAIT_MS. */
const WAIT_MS = 1000;
/** The same for a program that writes with BPF_RB_NO_WAKEUP, so that its events come without a word. */
const SILENT_WAIT_MS = 40;
/** A record that a program reserved and hasn't finished after the last link went is given up after this long. */
const UNFINISHED_RECORD_MS = 100;

export interface PumpOptions {
  /** The map's. */
  readonly name: string;
  readonly reader: SampleReader;
  readonly emitter: SampleEmitter;
  readonly stream: LogStream;
  readonly budget: EventBudget;
  readonly backpressure?: Backpressure | undefined;
  readonly onSlow?: LoadSpec['onSlow'];
}

/**
 * Carries samples from a kernel buffer to a log stream as rendered rows, one chunk at a time. While the reader
 * of the stream can't take more, or the pump is paused, events stay in the kernel's buffer; with `onSlow` set to
 * `drop`, those that the reader can't take are dropped and counted.
 */
export class SamplePump implements Output {
  readonly name: string;
  private readonly reader: SampleReader;
  private readonly emitter: SampleEmitter;
  private readonly stream: LogStream;
  private readonly budget: EventBudget;
  private readonly backpressure: Backpressure | undefined;
  private readonly loss = new LossReport('lost', "the kernel's buffer was full");
  private readonly drop: SampleDrop | undefined;
  private readonly pacing: Pacing;
  /** Of the last look into the buffer. */
  private samplesTaken = 0;
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

  constructor({ name, reader, emitter, stream, budget, backpressure, onSlow }: PumpOptions) {
    this.name = name;
    this.reader = reader;
    this.emitter = emitter;
    this.stream = stream;
    this.budget = budget;
    this.backpressure = backpressure;
    this.drop = onSlow === 'drop' ? new SampleDrop() : undefined;
    this.pacing = new Pacing(reader.capacityBytes, performance.now());
    stream.whenAbandoned(() => this.interrupt());
  }

  get counts(): ProgramCounts {
    return { ...this.emitter.counts, lost: this.reader.lost, dropped: this.drop?.dropped ?? 0 };
  }

  get header(): string | undefined {
    return this.emitter.header;
  }

  /** Runs until the budget is spent, or until `stop` was called and the buffer is empty. */
  async run(): Promise<void> {
    this.running = true;
    this.turnBegan = performance.now();
    try {
      while (this.budget.remaining > 0) {
        if (this.isHeld()) await this.untilReleased();
        else if (this.takeSamples()) await this.giveTurn();
        else if (!this.stopping) await this.rest();
        else if (!(await this.moreIsComing())) break;
      }
    } finally {
      this.running = false;
      this.tellCaughtUp();
    }
    this.emitter.finish();
    const lines = [...this.loss.finish(this.reader.lost), ...(this.drop?.finish() ?? [])];
    for (const line of lines) this.stream.say(line);
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

  close(): void {
    this.reader.close();
  }

  /** True when there may be more at once. */
  private takeSamples(): boolean {
    const { drop } = this;
    return drop && this.sinkIsFull() ? this.dropSamples(drop) : this.showSamples();
  }

  private dropSamples(drop: SampleDrop): false {
    this.took(drop.drain(this.reader), drop.bytes);
    this.say(drop.update(performance.now()));
    this.tellLost();
    return false;
  }

  private showSamples(): boolean {
    const { samples, bytes, isFull } = this.emitter.take(this.reader);
    this.took(samples, bytes);
    this.tellLost();
    return isFull;
  }

  private took(samples: number, bytes: number): void {
    this.samplesTaken = samples;
    this.samplesSinceEmpty += samples;
    this.bytesSinceEmpty += bytes;
  }

  private tellLost(): void {
    this.say(this.loss.update(this.reader.lost, performance.now()));
  }

  private say(line: string | undefined): void {
    if (line !== undefined) this.stream.say(line);
  }

  private isHeld(): boolean {
    return (this.paused && !this.stopping) || (!this.drop && this.sinkIsFull() !== undefined);
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
    // Samples after a wait that nothing ended but its limit: their program doesn't wake its reader.
    if (samples > 0) this.waitMs = this.timedOut ? SILENT_WAIT_MS : WAIT_MS;
    if (restMs === undefined) await this.waitForSamples();
    else if (restMs > 0) await this.sleep(restMs);
    else await new Promise<void>((resolve) => setImmediate(resolve));
    this.turnBegan = performance.now();
  }

  private async waitForSamples(): Promise<void> {
    const began = performance.now();
    await this.reader.wait(this.waitMs);
    // Timers are whole milliseconds and may end a little early.
    this.timedOut = performance.now() - began >= this.waitMs - 1;
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
    if (this.samplesTaken > 0) this.giveUpAt = now + UNFINISHED_RECORD_MS;
    if (now > this.giveUpAt) return false;
    await this.sleep(1);
    return true;
  }
}
