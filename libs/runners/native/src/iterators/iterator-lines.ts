import { type LoadSpec, printable } from '@ecli/core';
import { mapCell, type MapColumn } from '../rows/map-column.ts';
import { type TimeNotation, timeNotation } from '../rows/timestamps.ts';

/** How the lines of an iterator's text are written; it has no members that could be chosen, filtered or sorted by. */
export interface IteratorLines {
  readonly header?: string;
  /** The bytes of one line, given without its end; `us` is the time in microseconds since the epoch. */
  write(line: Buffer, us: number): Buffer;
}

export interface LineSettings extends Pick<LoadSpec, 'format' | 'presentation'> {
  /** The program's name. */
  readonly name: string;
  /** Present where a program has several outputs, to tell them apart. */
  readonly column?: MapColumn | undefined;
  /** When the program was attached: microseconds since the epoch. */
  readonly startUs: () => number;
}

/**
 * Makes the format of an iterator's lines: text is what the program wrote; JSON is `{"PROGRAM":"LINE"}`; CSV has
 * one column, `line`; raw has the line's bytes after their length. Text has times only where they are asked for:
 * a picture of one moment is no list of events.
 */
export function iteratorLines(settings: LineSettings): IteratorLines {
  const { presentation, startUs, format } = settings;
  const notation = timeNotation(presentation?.timestamps ?? 'none', startUs);
  switch (format) {
    case 'text':
      return textLines(settings, notation);
    case 'json':
      return jsonLines(settings, notation);
    case 'csv':
      return csvLines(settings, notation);
    case 'raw':
      return { write: rawLine };
  }
}

function textLines({ column }: LineSettings, notation: TimeNotation | undefined): IteratorLines {
  const name = mapCell(column);
  return {
    write(line, us) {
      const time = notation ? `${notation.text(us)} ` : '';
      return Buffer.from(`${name}${time}${safe(line.toString())}\n`);
    },
  };
}

/** Tabs do a terminal no harm, and tables are made with them. */
function safe(line: string): string {
  return line.split('\t').map(printable).join('\t');
}

function jsonLines({ name }: LineSettings, notation: TimeNotation | undefined): IteratorLines {
  return {
    write(line, us) {
      const time = notation && { timestamp: notation.text(us).trimStart() };
      return Buffer.from(`${JSON.stringify({ ...time, [name]: line.toString() })}\n`);
    },
  };
}

function csvLines({ column }: LineSettings, notation: TimeNotation | undefined): IteratorLines {
  const name = column ? [column.name] : [];
  const record = (cells: readonly string[]) => [...name, ...cells].map(csvCell).join(',');
  return {
    header: record([...(notation ? ['timestamp'] : []), 'line']),
    write(line, us) {
      const time = notation ? [notation.text(us).trimStart()] : [];
      return Buffer.from(`${record([...time, line.toString()])}\n`);
    },
  };
}

function csvCell(text: string): string {
  const cell = printable(text);
  return /[",]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

function rawLine(line: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(line.byteLength);
  return Buffer.concat([length, line]);
}
