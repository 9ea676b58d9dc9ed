import type { LogChunk, ProgramCounts, Screen } from '@ecli/core';
import type { DescriptorWriter, Piece } from '../descriptor-writer.ts';
import type { Display } from '../display.ts';
import { BEGIN_UPDATE, END_UPDATE, HIDE_CURSOR, SHOW_CURSOR } from './escape-sequences.ts';
import { Foreground } from './foreground.ts';
import { LiveRegion } from './live-region.ts';
import { restoreTerminal } from './restore-terminal.ts';
import { StatusLine } from './status-line.ts';
import { Suspension } from './suspension.ts';
import type { WindowSize } from './window-size.ts';

const STATUS_MS = 250;
/** Between two drawings, unless much has come meanwhile. */
const DRAW_MS = 16;
const MUCH_BYTES = 64 * 1024;
/** Lines that pictures leave to the status line, and to one row of events above them. */
const KEPT_ROWS = 2;

export interface LiveDisplayOptions {
  readonly writer: DescriptorWriter;
  readonly window: Pick<WindowSize, 'columns' | 'rows' | 'follow' | 'close'>;
  readonly colors: boolean;
  /** Takes lines for standard error, where that isn't the same terminal. */
  readonly stderr?: DescriptorWriter | undefined;
}

/**
 * A terminal with a person before it: rows scroll, pictures are drawn in place below them, and a status line comes
 * last. Each drawing is one write, in which the cursor is hidden; between drawings the terminal is as any other
 * program expects it, so that whatever ends ecli leaves it in order.
 */
export class LiveDisplay implements Display {
  readonly screen: Screen;
  private readonly region: LiveRegion;
  private readonly foreground = new Foreground();
  private rows: Piece[] = [];
  private rowBytes = 0;
  /** What the shell writes meanwhile stands below what is drawn now. */
  private readonly suspension = new Suspension(
    () => this.region.forget(),
    () => this.schedule(),
  );
  private isScheduled = false;
  private timer: NodeJS.Timeout | undefined;
  private ticker: NodeJS.Timeout | undefined;
  private drawnMs = -Infinity;
  private status: StatusLine | undefined;
  private counts: () => ProgramCounts | undefined = () => undefined;
  private hasEvents = false;
  private isClosed = false;

  constructor(private readonly options: LiveDisplayOptions) {
    const { window, colors } = options;
    this.region = new LiveRegion(window);
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
    this.options.window.follow(this.schedule);
    this.suspension.follow();
  }

  show({ stream, bytes, release, frame }: LogChunk): void {
    if (stream === 'stderr') return this.showError(bytes, release);
    if (frame === undefined || this.isClosed) {
      this.hasEvents = true;
      return this.scroll({ bytes, release });
    }
    this.region.setPicture(frame, Buffer.from(bytes).toString());
    release?.();
    this.schedule();
  }

  showError(bytes: Uint8Array, release?: () => void): void {
    const { stderr } = this.options;
    if (stderr) stderr.write(bytes, release);
    else this.scroll({ bytes, release });
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isScheduled = false;
    clearInterval(this.ticker);
    clearTimeout(this.timer);
    this.options.window.close();
    this.suspension.close();
    const counts = this.counts();
    // One that was never seen would say little: the program ended at once.
    if (this.region.status !== undefined && this.status && counts) {
      this.region.status = this.status.finish(counts, performance.now());
    }
    this.write(() => this.region.finish());
  }

  restore(): void {
    restoreTerminal();
  }

  /** Shows whole lines above the pictures. */
  private scroll(piece: Piece): void {
    if (this.isClosed) return this.options.writer.writeAll([piece]);
    this.rows.push(piece);
    this.rowBytes += piece.bytes.byteLength;
    if (this.rowBytes >= MUCH_BYTES) this.draw();
    else this.schedule();
  }

  private readonly tick = (): void => {
    const counts = this.counts();
    if (!this.status || !counts) return;
    this.status.countsEvents = this.hasEvents || !this.region.hasPictures;
    this.region.status = this.status.update(counts, performance.now());
    this.schedule();
  };

  private readonly schedule = (): void => {
    if (this.isScheduled || this.isClosed) return;
    this.isScheduled = true;
    const dueMs = this.drawnMs + DRAW_MS - performance.now();
    if (dueMs <= 0) this.drawOnceTaken();
    else this.timer = setTimeout(this.drawOnceTaken, dueMs);
  };

  /** Before a terminal that takes nothing (Ctrl-S), drawings must not pile up. */
  private readonly drawOnceTaken = (): void => {
    if (!this.isScheduled) return;
    const { writer } = this.options;
    if (writer.isIdle) this.draw();
    else void writer.flushed().then(this.drawOnceTaken);
  };

  private draw(): void {
    this.isScheduled = false;
    clearTimeout(this.timer);
    this.drawnMs = performance.now();
    this.write(() => this.region.draw());
  }

  /** Writes the rows that wait, and what `ending` makes below them. */
  private write(ending: () => string): void {
    const rows = this.rows.splice(0);
    this.rowBytes = 0;
    // What a shell's user types meanwhile must not be drawn over.
    if (!this.foreground.isOurs) {
      this.region.forget();
      return this.options.writer.writeAll(rows);
    }
    const beginning = rows.length > 0 ? this.region.erase() : '';
    const end = ending();
    if (rows.length === 0 && end === '') return;
    this.options.writer.writeAll([
      text(`${BEGIN_UPDATE}${HIDE_CURSOR}${beginning}`),
      ...rows,
      text(`${end}${SHOW_CURSOR}${END_UPDATE}`),
    ]);
  }
}

function text(characters: string): Piece {
  return { bytes: Buffer.from(characters) };
}
