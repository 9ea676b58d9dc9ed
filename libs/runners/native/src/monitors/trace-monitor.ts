import type { TracePipe } from '@ecli/bpf';
import type { Backpressure } from '@ecli/core';
import type { LogStream } from '../log-stream.ts';
import type { Monitor } from './monitor.ts';
import { traceLine } from './trace-line.ts';

const WAIT_MS = 1000;
/** At the end, other programs may write faster than what they wrote is shown. */
const LONGEST_END_MS = 200;

const OTHERS = 'bpf_printk: lines of other programs are shown too, the kernel does not say whose a line is';
const SHARED = "bpf_printk: whoever else reads the system's trace_pipe misses the lines that are shown here";

export interface TraceMonitorOptions {
  /** Closed by the monitor. */
  readonly pipe: Pick<TracePipe, 'isPrivate' | 'read' | 'wait' | 'wake' | 'close'>;
  readonly stream: Pick<LogStream, 'say' | 'observed'>;
  readonly backpressure?: Backpressure | undefined;
}

/** Shows what programs write with bpf_printk, as far as the reader of the output takes it. */
export class TraceMonitor implements Monitor {
  private readonly decoder = new TextDecoder();
  private unfinished = '';
  private ending = false;
  private running: Promise<void> | undefined;
  private release: () => void = () => undefined;

  constructor(private readonly options: TraceMonitorOptions) {}

  begin(): void {
    const { pipe, stream } = this.options;
    stream.say(pipe.isPrivate ? OTHERS : SHARED);
    this.running = this.run();
    // A failure is told at the end, where it is awaited.
    this.running.catch(() => undefined);
  }

  async end(): Promise<void> {
    this.ending = true;
    this.release();
    this.options.pipe.wake();
    await this.running;
    const giveUpAt = performance.now() + LONGEST_END_MS;
    while (this.show() && performance.now() < giveUpAt);
  }

  close(): void {
    this.options.pipe.close();
  }

  private async run(): Promise<void> {
    while (!this.ending) {
      await this.untilTaken();
      if (!this.show()) await this.options.pipe.wait(WAIT_MS);
      else await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Shows what there is, at most one reading; false when there was nothing. */
  private show(): boolean {
    const { pipe, stream } = this.options;
    const bytes = pipe.read();
    if (bytes.byteLength === 0) return false;
    const lines = (this.unfinished + this.decoder.decode(bytes, { stream: true })).split('\n');
    this.unfinished = lines.pop() ?? '';
    if (lines.length > 0) stream.say(...lines.map(traceLine));
    return true;
  }

  /** The kernel keeps the newest lines meanwhile, and says how many are gone. */
  private async untilTaken(): Promise<void> {
    const { backpressure, stream } = this.options;
    const taken = stream.observed ? backpressure?.wait() : undefined;
    if (!taken || this.ending) return;
    const released = new Promise<void>((resolve) => {
      this.release = resolve;
    });
    await Promise.race([taken, released]);
  }
}
