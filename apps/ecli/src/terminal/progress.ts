import type { ReportProgress, TransferProgress } from '@ecli/core';
import { SHORT_MS, Transfers } from './transfers.ts';

/** Shows how transfers are going. */
export interface Bars {
  update(): void;
}

/** Opens bars, for which there may be no place. */
export type OpenBars = (transfers: Transfers) => Promise<Bars | undefined>;

/** Hears of transfers and has bars opened once one takes its time; until then it costs next to nothing. */
export class Progress {
  private readonly transfers = new Transfers();
  private timer: NodeJS.Timeout | undefined;
  private bars: Bars | undefined;
  isClosed = false;

  constructor(private readonly openBars: OpenBars) {}

  readonly report: ReportProgress = (progress: TransferProgress) => {
    if (this.isClosed) return;
    this.transfers.take(progress, performance.now());
    // Bars that are there look by themselves; an end is shown at once.
    if (this.bars && progress.state !== 'running') this.bars.update();
    if (!this.bars && this.transfers.running.length > 0) {
      this.timer ??= setTimeout(() => void this.open(), SHORT_MS).unref();
    }
  };

  /** Shows nothing from now on. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
  }

  private async open(): Promise<void> {
    if (this.transfers.running.length > 0 && !this.isClosed) {
      this.bars = await this.openBars(this.transfers);
      if (!this.bars) this.close();
    }
    this.timer = undefined;
  }
}
