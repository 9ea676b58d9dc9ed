import { printable } from '@ecli/core';
import stringWidth from 'string-width';

/** How a column is headed, and on which side its cells are flush; the left one goes without saying. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
}

const GAP = '  ';

/**
 * Lays `rows` out in columns below their headings, as whole lines. Cells may hold any text: it is made safe for a
 * terminal, and wide characters count for two. Nothing is cut, and no line ends in blanks.
 */
export function tableOf(columns: readonly (Column | string)[], rows: readonly (readonly string[])[]): string {
  const declared = columns.map((column) => (typeof column === 'string' ? { heading: column } : column));
  const lines = [declared.map(({ heading }) => heading), ...rows.map((row) => row.map(printable))];
  const widths = declared.map((_, index) => Math.max(...lines.map((line) => stringWidth(line[index] ?? ''))));
  const cellOf = (text: string, index: number): string => {
    const blanks = ' '.repeat(Math.max(0, (widths[index] ?? 0) - stringWidth(text)));
    return declared[index]?.align === 'right' ? blanks + text : text + blanks;
  };
  return lines.map((line) => `${line.map(cellOf).join(GAP).trimEnd()}\n`).join('');
}
