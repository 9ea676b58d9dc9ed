import type { DescriptorWriter, Piece } from '../descriptor-writer.ts';
import { BEGIN_UPDATE, END_UPDATE, HIDE_CURSOR, SHOW_CURSOR } from './escape-sequences.ts';
import { Foreground } from './foreground.ts';
import { LiveRegion } from './live-region.ts';
import { Suspension } from './suspension.ts';
import type { WindowSize } from './window-size.ts';

/** Between two drawings, unless much has come meanwhile. */
const DRAW_MS = 16;
const MUCH_BYTES = 64 * 1024;

export interface LiveScreenOptions {
  readonly writer: DescriptorWriter;
  readonly window: Pick<WindowSize, 'columns' | 'rows' | 'follow' | 'close'>;
}

/**
 * A terminal with a region in its last lines, above which others scroll. Each drawing is one write, in which the
 * cursor is hidden; between drawings the terminal is as any other program expects it, so that whatever ends ecli
 * leaves it in order.
 */
export class LiveScreen {
  /** Whoever changes it calls `schedule`. */
  readonly region: LiveRegion;
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
  private drawnMs = -Infinity;
  private isClosed = false;

  constructor(private readonly options: LiveScreenOptions) {
    this.region = new LiveRegion(options.window);
  }

  /** From now on the region is drawn anew when the window changes, and when the process goes on after a stop. */
  follow(): void {
    this.options.window.follow(this.schedule);
    this.suspension.follow();
  }

  /** Shows whole lines above the region. */
  scroll(piece: Piece): void {
    if (this.isClosed) return this.options.writer.writeAll([piece]);
    this.rows.push(piece);
    this.rowBytes += piece.bytes.byteLength;
    if (this.rowBytes >= MUCH_BYTES) this.draw();
    else this.schedule();
  }

  /** Draws soon. */
  readonly schedule = (): void => {
    if (this.isScheduled || this.isClosed) return;
    this.isScheduled = true;
    const dueMs = this.drawnMs + DRAW_MS - performance.now();
    if (dueMs <= 0) this.drawOnceTaken();
    else this.timer = setTimeout(this.drawOnceTaken, dueMs);
  };

  /** Draws the region a last time; what is shown later is shown below it, plainly. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.isScheduled = false;
    clearTimeout(this.timer);
    this.options.window.close();
    this.suspension.close();
    this.write(() => this.region.finish());
  }

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
