import type { IteratorText } from '@ecli/bpf';
import type { Backpressure, ProgramCounts } from '@ecli/core';
import type { LogStream } from '../log-stream.ts';
import type { EventBudget, Output } from '../output.ts';
import type { IteratorLines } from './iterator-lines.ts';
import { LineSplitter } from './line-splitter.ts';

/** Twice what the kernel gives at once: kernel/bpf/bpf_iter.c, bpf_seq_read. */
const READ_BYTES = 64 << 10;

export interface IteratorOutputOptions {
  readonly name: string;
  /** Starts a run of the attached iterator. */
  readonly open: () => Pick<IteratorText, 'read' | 'close'>;
  readonly lines: IteratorLines;
  readonly stream: LogStream;
  readonly backpressure?: Backpressure | undefined;
  readonly budget: EventBudget;
  /** Whether it stays when its text has ended, because other programs are attached that run on. */
  readonly lasting: boolean;
}

/** Carries an iterator's text to a log stream, once and line by line. */
export class IteratorOutput implements Output {
  readonly name: string;
  private readonly options: IteratorOutputOptions;
  private events = 0;
  private bytes = 0;
  private running = false;
  private paused = false;
  private stopping = false;
  private interrupt: () => void = () => undefined;
  private readonly catchingUp: (() => void)[] = [];

  constructor(options: IteratorOutputOptions) {
    this.name = options.name;
    this.options = options;
    options.stream.whenAbandoned(() => this.interrupt());
  }

  get header(): string | undefined {
    return this.options.lines.header;
  }

  get counts(): ProgramCounts {
    return { events: this.events, bytes: this.bytes, lost: 0, dropped: 0, filtered: 0 };
  }

  /** Ends with the text or the budget; a text that has begun is read to its end, also after `stop`. */
  async run(): Promise<void> {
    this.running = true;
    const text = this.options.open();
    try {
      await this.showAll(text);
    } finally {
      text.close();
      this.running = false;
      this.tellCaughtUp();
    }
    if (this.options.lasting && this.options.budget.remaining > 0) await this.untilStopped();
  }

  /** Resolves when the whole text is shown, or can't be shown now. */
  async catchUp(): Promise<void> {
    if (!this.running || this.isHeld()) return;
    await new Promise<void>((resolve) => this.catchingUp.push(resolve));
  }

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

  /** `run` closes what it opens. */
  close(): void {}

  private async showAll(text: Pick<IteratorText, 'read'>): Promise<void> {
    const buffer = new Uint8Array(READ_BYTES);
    const splitter = new LineSplitter();
    for (;;) {
      await this.untilReleased();
      const length = await text.read(buffer);
      this.show(length > 0 ? splitter.add(buffer.subarray(0, length)) : splitter.rest());
      if (length === 0 || this.options.budget.remaining <= 0) return;
    }
  }

  private show(lines: readonly Buffer[]): void {
    const { budget, stream } = this.options;
    const shown = lines.slice(0, budget.remaining);
    budget.spend(shown.length);
    this.events += shown.length;
    this.bytes += shown.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (shown.length === 0 || !stream.observed) return;
    const timeUs = stream.now();
    const bytes = Buffer.concat(shown.map((line) => this.options.lines.write(line, timeUs)));
    stream.emit({ stream: 'plain', timeUs, bytes, lines: shown.length });
  }

  private isHeld(): boolean {
    return (this.paused && !this.stopping) || this.sinkIsFull() !== undefined;
  }

  private sinkIsFull(): Promise<void> | undefined {
    return this.options.stream.observed ? this.options.backpressure?.wait() : undefined;
  }

  private async untilReleased(): Promise<void> {
    while (this.isHeld()) {
      this.tellCaughtUp();
      const sink = this.sinkIsFull();
      await new Promise<void>((resolve, reject) => {
        this.interrupt = resolve;
        sink?.then(resolve, reject);
      });
    }
  }

  private async untilStopped(): Promise<void> {
    while (!this.stopping) {
      await new Promise<void>((resolve) => {
        this.interrupt = resolve;
      });
    }
  }

  private tellCaughtUp(): void {
    for (const resolve of this.catchingUp.splice(0)) resolve();
  }
}
