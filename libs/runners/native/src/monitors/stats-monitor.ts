import { type BpfProgram, countRunTimes, programInfo } from '@ecli/bpf';
import type { ProgramCounts } from '@ecli/core';
import type { LogStream } from '../log-stream.ts';
import type { Monitor } from './monitor.ts';
import { type ProgramStats, statsReport } from './stats-report.ts';

export interface StatsMonitorOptions {
  readonly programs: readonly BpfProgram[];
  /** Whether all events that are lost are counted. */
  readonly knowsLoss: boolean;
  readonly stream: Pick<LogStream, 'say'>;
}

/** Has the kernel count run times, and says at the end what a program came to. */
export class StatsMonitor implements Monitor {
  private beganMs = 0;
  /** From load on, so that the first run counts. */
  private readonly counting = countRunTimes();

  constructor(private readonly options: StatsMonitorOptions) {}

  begin(): void {
    this.beganMs = performance.now();
  }

  async end(counts: ProgramCounts): Promise<void> {
    const { knowsLoss, stream } = this.options;
    const seconds = (performance.now() - this.beganMs) / 1000;
    const programs = this.counting && this.programs();
    const lines = statsReport({ seconds, counts, knowsLoss, programs });
    stream.say(...lines);
  }

  close(): void {
    this.counting?.destroy();
  }

  private programs(): ProgramStats[] {
    return this.options.programs.flatMap(({ fd, name, section }) => {
      const info = fd < 0 ? undefined : programInfo(fd);
      return info ? { ...info, name, section } : [];
    });
  }
}
