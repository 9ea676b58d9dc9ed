import { printable } from '@ecli/core';
import type { Cell } from './interpreter.ts';

/** The rules of rows once more, as plain as can be: from values to lines. */
export function plainTextHeader(cells: readonly Cell[]): string {
  return cells.map(heading).join('');
}

/** What follows the nine characters of the time. */
export function plainTextRow(cells: readonly Cell[]): string {
  let row = '#'.repeat(9);
  let start = 9;
  for (const cell of cells) {
    const length = charactersIn(row);
    row += length >= start ? ' ' : ' '.repeat(start - length);
    row += cell.text;
    start += charactersIn(heading(cell));
  }
  return `${row.slice(9)}\n`;
}

function heading({ name }: Cell): string {
  let text = printable(name.toUpperCase());
  while (charactersIn(text) < 6) text += ' ';
  return `${text} `;
}

export function plainJsonRow(cells: readonly Cell[]): string {
  return `{${cells.map(({ name, json }) => `${plainJsonText(name)}:${json}`).join(',')}}\n`;
}

export function plainCsvHeader(cells: readonly Cell[]): string {
  return cells.map(({ name }) => csv(printable(name))).join(',');
}

export function plainCsvRow(cells: readonly Cell[]): string {
  const values = cells.map(({ text, kind }) => (kind === 'nested' ? quoted(text) : csv(text)));
  return `${values.join(',')}\n`;
}

function csv(text: string): string {
  return text.includes('"') || text.includes(',') ? quoted(text) : text;
}

function quoted(text: string): string {
  return `"${text.split('"').join('""')}"`;
}

/** Widths of columns by their names, as the rows so far have made them. */
export type PlainWidths = number[];

export function plainScreenRow(cells: readonly Cell[], widths: PlainWidths): string {
  const row = cells.map(({ text, name, kind }, column) => {
    const length = charactersIn(text);
    const isNumber = ['int', 'pointer', 'float'].includes(kind) && text !== 'true' && text !== 'false';
    const isLast = column === cells.length - 1;
    const width = widths[column] ?? charactersIn(printable(name.toUpperCase()));
    const widened = length > width && width < 60 ? Math.min(60, Math.ceil(length / 4) * 4) : width;
    widths[column] = isLast && !isNumber ? width : Math.max(width, widened);
    const spaces = ' '.repeat(Math.max(0, widths[column] - length));
    if (isNumber) return spaces + text;
    return isLast ? text : text + spaces;
  });
  return `${row.join('  ')}\n`;
}

function charactersIn(text: string): number {
  return Array.from(text).length;
}

/** JSON that a terminal shows and never acts on. */
export function plainJsonText(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
