import sliceAnsi from 'slice-ansi';
import stringWidth from 'string-width';
import { up, ERASE_BELOW, ERASE_LINE_END, RESET } from './escape-sequences.ts';
import type { Size } from './window-size.ts';

/** Columns at the end of the last line that stay free: Ctrl-C shows there as `^C`. */
const ECHO_COLUMNS = 3;

/**
 * The last lines of a terminal, which are drawn over and over while other lines scroll away above them: pictures
 * (histograms, tables) below each other, and a status line. It makes the text that does it; the cursor rests at
 * the end of the last line.
 */
export class LiveRegion {
  /** The last line; without it the region has pictures alone. */
  status: string | undefined;
  private readonly pictures = new Map<string, readonly string[]>();
  /** The lines as they are on the screen now. */
  private drawn: readonly string[] = [];

  constructor(private readonly size: Size) {}

  /** Shows `text`, whole lines, in place of the picture of the same name; without it there is none any more. */
  setPicture(name: string, text: string | undefined): void {
    if (text === undefined) this.pictures.delete(name);
    else this.pictures.set(name, text.replace(/\n$/, '').split('\n'));
  }

  get hasPictures(): boolean {
    return this.pictures.size > 0;
  }

  /** Moves to where the region begins and erases it, so that lines can be written there. */
  erase(): string {
    const text = this.drawn.length === 0 ? '' : `${this.home()}${ERASE_BELOW}`;
    this.drawn = [];
    return text;
  }

  /** Draws the region at the cursor, or over what is there of it. No line is blank in between: nothing flickers. */
  draw(): string {
    const home = this.home();
    this.drawn = this.lines();
    if (this.drawn.length === 0) return home && `${home}${ERASE_BELOW}`;
    return `${home}${this.drawn.map((line) => `${line}${ERASE_LINE_END}`).join('\n')}${ERASE_BELOW}`;
  }

  /** Leaves what is drawn where it is: someone else has written to the terminal since. */
  forget(): void {
    this.drawn = [];
  }

  /** Draws the region a last time and goes below it. */
  finish(): string {
    const drawing = this.draw();
    const end = this.drawn.length === 0 ? '' : '\n';
    this.forget();
    this.pictures.clear();
    this.status = undefined;
    return `${drawing}${end}`;
  }

  /** The way from the end of the last line to the beginning of the first. */
  private home(): string {
    if (this.drawn.length === 0) return '';
    return `\r${up(this.drawn.reduce((height, line) => height + this.heightOf(line), 0) - 1)}`;
  }

  /** A window made narrower has wrapped the lines that are wider. */
  private heightOf(line: string): number {
    return Math.max(1, Math.ceil(stringWidth(line) / this.size.columns));
  }

  private lines(): readonly string[] {
    const { columns, rows } = this.size;
    const status = this.status === undefined ? [] : [cut(this.status, columns - ECHO_COLUMNS)];
    const pictures = stack([...this.pictures.values()], rows - 1 - status.length);
    const lines = [...pictures.map((line) => cut(line, columns)), ...status];
    return lines.slice(-Math.max(1, rows - 1));
  }
}

/** The pictures below each other with a blank line after each, in at most `height` lines. */
function stack(pictures: readonly (readonly string[])[], height: number): string[] {
  const share = fairShare(
    pictures.map(({ length }) => length),
    height - pictures.length,
  );
  return pictures.flatMap((lines) => [...crop(lines, share), '']);
}

/** The greatest height that all may have so that together they have at most `total`. */
function fairShare(heights: readonly number[], total: number): number {
  let left = total;
  const ascending = [...heights].sort((a, b) => a - b);
  for (const [index, height] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - index));
    if (height > share) return Math.max(1, share);
    left -= height;
  }
  return Infinity;
}

/** The first `height` lines, the last of them saying how many are missing. */
function crop(lines: readonly string[], height: number): readonly string[] {
  if (lines.length <= height) return lines;
  const missing = lines.length - height + 1;
  return [...lines.slice(0, height - 1), `… ${missing} more ${missing === 1 ? 'line' : 'lines'}`];
}

/** As much of `line` as `columns` hold; its colours end with it. */
function cut(line: string, columns: number): string {
  const fitting = stringWidth(line) <= columns ? line : sliceAnsi(line, 0, Math.max(0, columns));
  return fitting.includes('\x1b') ? `${fitting}${RESET}` : fitting;
}
