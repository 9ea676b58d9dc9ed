import type { LogChunk } from '@ecli/core';
import type { Display, Writer } from '../display.ts';
import type { Transfers } from '../transfers.ts';
import { styled } from './escape-sequences.ts';
import { LiveScreen, type LiveScreenOptions } from './live-screen.ts';
import { restoreTerminal } from './restore-terminal.ts';
import { endedLines, runningLines } from './transfer-lines.ts';

const REFRESH_MS = 100;
const STDERR = 2;

export interface ProgressDisplayOptions extends LiveScreenOptions {
  readonly colors: boolean;
  /** Takes the output, where that isn't the same terminal. */
  readonly stdout?: Writer | undefined;
}

/**
 * Standard error with a person before it: a bar for each transfer that goes on, at the bottom, and a line above for
 * each that has ended. What else is said scrolls there too, so that nothing is written across a bar.
 */
export class ProgressDisplay implements Display {
  private readonly live: LiveScreen;
  private readonly ticker: NodeJS.Timeout;

  constructor(
    private readonly transfers: Transfers,
    private readonly options: ProgressDisplayOptions,
  ) {
    this.live = new LiveScreen(options);
    this.live.follow();
    // Whoever transfers keeps the process alive.
    this.ticker = setInterval(() => this.update(), REFRESH_MS).unref();
    this.update();
  }

  get end(): Promise<void> {
    return (this.options.stdout ?? this.options.writer).end;
  }

  wait(): Promise<void> | undefined {
    return this.options.stdout?.wait() ?? this.options.writer.wait();
  }

  show({ stream, bytes, release }: LogChunk): void {
    const { stdout } = this.options;
    if (stream === 'stderr' || !stdout) this.live.scroll({ bytes, release });
    else stdout.write(bytes, release);
  }

  showError(bytes: Uint8Array, release?: () => void): void {
    this.live.scroll({ bytes, release });
  }

  begin(): void {}

  /** Leaves the lines of what has ended; what is cut off has no bar any more. */
  close(): void {
    clearInterval(this.ticker);
    this.scrollEnded();
    this.live.region.status = undefined;
    this.live.region.setPicture('bars', undefined);
    this.live.close();
  }

  restore(): void {
    restoreTerminal(STDERR);
  }

  /** Shows how it is now. */
  update(): void {
    this.scrollEnded();
    const { window } = this.options;
    const lines = runningLines(this.transfers, performance.now(), window.columns);
    // The line for all of them stands apart; the only one has no other.
    this.live.region.status = lines.at(-1);
    this.live.region.setPicture('bars', lines.length < 2 ? undefined : lines.slice(0, -1).join('\n'));
    this.live.schedule();
  }

  private scrollEnded(): void {
    const lines = endedLines(this.transfers).map(
      (line) => `${this.options.colors ? styled(line, 'dim') : line}\n`,
    );
    if (lines.length > 0) this.live.scroll({ bytes: Buffer.from(lines.join('')) });
  }
}
