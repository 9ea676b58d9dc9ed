import type { BpfMap } from '@ecli/bpf';
import type { LogStream } from '../log-stream.ts';
import { LossReport } from '../loss-report.ts';
import { type LossVariable, lossIn } from './loss-variable.ts';
import type { Monitor } from './monitor.ts';

const BETWEEN_READINGS_MS = 1000;

export interface LossMonitorOptions {
  readonly variable: LossVariable;
  /** The section's. */
  readonly map: Pick<BpfMap, 'currentValue'>;
  readonly stream: Pick<LogStream, 'say'>;
}

/** Says what a program counts as lost, since a ring buffer counts nothing by itself. */
export class LossMonitor implements Monitor {
  private readonly report = new LossReport('lost', "the kernel's buffer was full");
  private timer: NodeJS.Timeout | undefined;
  private readonly before: number;
  private count = 0;

  constructor(private readonly options: LossMonitorOptions) {
    this.before = this.read();
  }

  get lost(): number {
    return this.count;
  }

  begin(): void {
    this.timer = setInterval(() => this.update(), BETWEEN_READINGS_MS).unref();
  }

  async end(): Promise<void> {
    this.close();
    this.count = this.read() - this.before;
    for (const line of this.report.finish(this.count)) this.options.stream.say(line);
  }

  close(): void {
    clearInterval(this.timer);
  }

  private update(): void {
    try {
      this.count = this.read() - this.before;
    } catch {
      return this.close(); // the reading at the end fails as well, and is told
    }
    const line = this.report.update(this.count, performance.now());
    if (line !== undefined) this.options.stream.say(line);
  }

  private read(): number {
    return lossIn(this.options.variable, this.options.map.currentValue());
  }
}
