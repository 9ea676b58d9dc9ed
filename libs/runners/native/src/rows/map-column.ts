import { printable } from '@ecli/core';

/** The column that tells a program's outputs apart. */
export interface MapColumn {
  /** The map's, or the iterator's. */
  readonly name: string;
  /** Characters of the longest name. */
  readonly width: number;
}

/** Gives outputs of these names their columns: none to one that is alone. */
export function mapColumns(names: readonly string[]): (name: string) => MapColumn | undefined {
  const width = Math.max(0, ...names.map((name) => printable(name).length));
  return (name) => (names.length > 1 ? { name, width } : undefined);
}

/** What each line of text begins with, `gap` included. */
export function mapCell(column: MapColumn | undefined, gap = ' '): string {
  return column ? printable(column.name).padEnd(column.width) + gap : '';
}
