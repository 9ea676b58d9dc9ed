import { compileJsonRow, compileTextRow, type Layout, type TextRowRenderer } from '@ecli/btf';
import { type OutputFormat, type Presentation, printable } from '@ecli/core';
import { PlainRows, RawRows } from './plain-rows.ts';
import { PrefixedRows } from './prefixed-rows.ts';
import { RowPrefix } from './row-prefix.ts';
import type { Rows } from './rows.ts';
import { timeNotation } from './timestamps.ts';

/** The column that tells exports apart. */
export interface MapColumn {
  readonly name: string;
  /** Characters of the longest name. */
  readonly width: number;
}

export interface RowOptions {
  readonly format: OutputFormat;
  readonly presentation: Presentation;
  /** Present where a program has several exports. */
  readonly mapColumn?: MapColumn | undefined;
  /** When the program was attached: microseconds since the epoch. */
  readonly startUs: () => number;
}

/**
 * Compiles the way from samples to rows of the format asked for.
 *
 * @throws PACKAGE_INVALID for a type whose rows could grow past all measure
 */
export function compileRows(layout: Layout, options: RowOptions): Rows {
  switch (options.format) {
    case 'text':
      return textRows(compileTextRow(layout), options);
    case 'json':
      return new PlainRows(compileJsonRow(layout));
    case 'csv':
      return new PlainRows(compileJsonRow(layout));
    case 'raw':
      return new RawRows();
  }
}

/** The time, by default to the second, and what the renderer writes. */
function textRows(renderer: TextRowRenderer, { presentation, mapColumn, startUs }: RowOptions): Rows {
  const notation = timeNotation(presentation.timestamps ?? 'local', startUs);
  const map = mapColumn ? `${printable(mapColumn.name).padEnd(mapColumn.width)} ` : '';
  const time = notation ? `${'TIME'.padEnd(notation.width)} ` : '';
  const prefix = new RowPrefix(notation, (text) => `${map}${notation ? `${text} ` : ''}`);
  return new PrefixedRows(renderer, prefix, `${map}${time}${renderer.header.slice('TIME     '.length)}`);
}
