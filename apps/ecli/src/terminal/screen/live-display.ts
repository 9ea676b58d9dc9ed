import type { LogChunk, ProgramCounts, Screen } from '@ecli/core';
import type { DescriptorWriter } from '../descriptor-writer.ts';
import type { Display } from '../display.ts';
import type { LiveRegion } from './live-region.ts';
import { LiveScreen, type LiveScreenOptions } from './live-screen.ts';
import { restoreTerminal } from './restore-terminal.ts';
import { StatusLine } from './status-line.ts';

const STDOUT = 1;
const STATUS_MS = 250;
/** Lines that pictures leave to the status line, and to one row of events above them. */
const KEPT_ROWS = 2;

export interface LiveDisplayOptions extends LiveScreenOptions {
  readonly colors: boolean;
  /** Takes lines for standard error, where that isn't the same terminal. */
  readonly stderr?: DescriptorWriter | undefined;
}

/**
 * A terminal with a person before it: rows scroll, pictures are drawn in place below them, and a status line comes
 * last.
 */
export class LiveDisplay implements Display {
  readonly screen: Screen;
  private readonly live: LiveScreen;
  private ticker: NodeJS.Timeout | undefined;
  private status: StatusLine | undefined;
  private counts: () => ProgramCounts | undefined = () => undefined;
  private hasEvents = false;
  private isClosed = false;

  constructor(private readonly options: LiveDisplayOptions) {
    const { window, colors } = options;
    this.live = new LiveScreen(options);
    this.screen = {
      get columns() {
        return window.columns;
      },
      get rows() {
        return Math.max(1, window.rows - KEPT_ROWS);
      },
      colors,
    };
  }

  private get region(): LiveRegion {
    return this.live.region;
  }

  get end(): Promise<void> {
    return this.options.writer.end;
  }

  wait(): Promise<void> | undefined {
    return this.options.writer.wait() ?? this.options.stderr?.wait();
  }

  begin(title: string, counts: () => ProgramCounts | undefined): void {
    this.status = new StatusLine(title, this.options.colors, performance.now());
    this.counts = counts;
    this.ticker = setInterval(this.tick, STATUS_MS);
    this.live.follow();
  }

  show({ stream, bytes, release, frame }: LogChunk): void {
    if (stream === 'stderr') return this.showError(bytes, release);
    if (frame === undefined || this.isClosed) {
      this.hasEvents = true;
      return this.live.scroll({ bytes, release });
    }
    this.region.setPicture(frame, Buffer.from(bytes).toString());
    release?.();
    this.live.schedule();
  }

  showError(bytes: Uint8Array, release?: () => void): void {
    const { stderr } = this.options;
    if (stderr) stderr.write(bytes, release);
    else this.live.scroll({ bytes, release });
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.ticker);
    const counts = this.counts();
    // One that was never seen would say little: the program ended at once.
    if (this.region.status !== undefined && this.status && counts) {
      this.region.status = this.status.finish(counts, performance.now());
    }
    this.live.close();
  }

  restore(): void {
    restoreTerminal(STDOUT);
  }

  private readonly tick = (): void => {
    const counts = this.counts();
    if (!this.status || !counts) return;
    this.status.countsEvents = this.hasEvents || !this.region.hasPictures;
    this.region.status = this.status.update(counts, performance.now());
    this.live.schedule();
  };
}
