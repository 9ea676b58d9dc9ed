import { writeSpaces } from './byte-writer.ts';
import { countContinuationBytes } from './string-writer.ts';

/** A column never gets wider than this; what is longer moves the rest of its row. */
export const WIDEST_COLUMN = 60;
/** Columns widen by so many characters at least, so that headings aren't printed anew for each digit. */
const STEP = 4;

/** SGR 31 and 39 (ECMA-48 8.3.117), five bytes each, for numbers below zero. */
const RED = [0x1b, 0x5b, 0x33, 0x31, 0x6d] as const;
const DEFAULT_COLOR = [0x1b, 0x5b, 0x33, 0x39, 0x6d] as const;
const MINUS = 0x2d;
const SPACE = 0x20;

/** The most bytes that an alignment adds to a value. */
export const ALIGNMENT_BYTES = WIDEST_COLUMN + RED.length + DEFAULT_COLOR.length;

/** How wide the columns of a screen are, in characters: they widen to their data and never narrow. */
export class ColumnWidths {
  /** Counts how often a column has widened. */
  version = 0;
  private readonly widths: Int32Array;

  /** Begins with the widths of the headings. */
  constructor(
    headings: readonly number[],
    private readonly colors: boolean,
  ) {
    this.widths = Int32Array.from(headings);
  }

  of(column: number): number {
    return this.widths[column] ?? 0;
  }

  /** Puts spaces after what lies between `begin` and `end`, and returns the position after them. */
  left(out: DataView, begin: number, end: number, column: number): number {
    const length = end - begin - countContinuationBytes(out, begin, end);
    const missing = this.missing(column, length);
    return missing > 0 ? writeSpaces(out, end, end + missing) : end;
  }

  /** Puts spaces before the number between `begin` and `end`, reddens it below zero, and returns its new end. */
  right(out: DataView, begin: number, end: number, column: number): number {
    const length = end - begin;
    const spaces = Math.max(0, this.missing(column, length));
    const isRed = this.colors && out.getUint8(begin) === MINUS;
    const distance = isRed ? spaces + RED.length : spaces;
    // From the end on, since both places overlap. ASCII digits, eight at a time, are no NaN as a double.
    for (let at = (length - 1) & ~7; at >= 0 && distance > 0; at -= 8) {
      out.setFloat64(begin + distance + at, out.getFloat64(begin + at));
    }
    for (let at = 0; at < spaces; at++) out.setUint8(begin + at, SPACE);
    if (!isRed) return end + distance;
    store(out, begin + spaces, RED);
    store(out, end + distance, DEFAULT_COLOR);
    return end + distance + DEFAULT_COLOR.length;
  }

  /** How many characters the column has left once it has widened for a value of `length`. */
  private missing(column: number, length: number): number {
    const width = this.widths[column] ?? 0;
    if (length <= width || width >= WIDEST_COLUMN) return width - length;
    const widened = Math.min(WIDEST_COLUMN, Math.ceil(length / STEP) * STEP);
    if (widened > width) {
      this.widths[column] = widened;
      this.version++;
    }
    return this.of(column) - length;
  }
}

function store(out: DataView, position: number, bytes: readonly number[]): void {
  for (let index = 0; index < bytes.length; index++) out.setUint8(position + index, bytes[index] ?? 0);
}
