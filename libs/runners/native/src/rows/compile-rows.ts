import {
  compileCsvRow,
  compileJsonRow,
  compileScreenRow,
  compileTextRow,
  type Layout,
  type StampedRowRenderer,
  type TextRowRenderer,
} from '@ecli/btf';
import type { OutputFormat, Presentation, Screen } from '@ecli/core';
import { mapCell, type MapColumn } from './map-column.ts';
import { PlainRows, RawRows } from './plain-rows.ts';
import { PrefixedRows } from './prefixed-rows.ts';
import { RowPrefix } from './row-prefix.ts';
import type { Rows } from './rows.ts';
import { ScreenRows } from './screen-rows.ts';
import { StampedRows } from './stamped-rows.ts';
import { timeNotation } from './timestamps.ts';

export interface RowSettings {
  readonly format: OutputFormat;
  readonly presentation: Presentation;
  /** Present where a program has several outputs. */
  readonly mapColumn?: MapColumn | undefined;
  /** When the program was attached: microseconds since the epoch. */
  readonly startUs: () => number;
}

/**
 * Compiles the way from samples to rows of the format asked for.
 *
 * @throws PACKAGE_INVALID for a type whose rows could grow past all measure
 */
export function compileRows(layout: Layout, settings: RowSettings): Rows {
  switch (settings.format) {
    case 'text':
      if (settings.presentation.screen) return screenRows(layout, settings.presentation.screen, settings);
      return textRows(compileTextRow(layout), settings);
    case 'json':
      return stampedRows((options) => compileJsonRow(layout, options), settings);
    case 'csv':
      return stampedRows((options) => compileCsvRow(layout, options), settings);
    case 'raw':
      return new RawRows();
  }
}

/** The time, by default to the second, and what the renderer writes. */
function textRows(renderer: TextRowRenderer, { presentation, mapColumn, startUs }: RowSettings): Rows {
  const notation = timeNotation(presentation.timestamps ?? 'local', startUs);
  const map = mapCell(mapColumn);
  const heading = notation ? `${'TIME'.padEnd(notation.width)} ` : '';
  const prefix = new RowPrefix(notation, (time) => `${map}${notation ? `${time} ` : ''}`);
  const header = `${map}${heading}${renderer.header}`;
  return new PrefixedRows(renderer, prefix, header);
}

interface StampedOptions {
  readonly map: string | undefined;
  readonly timestamp: boolean;
}

/** Dim, and back: ECMA-48 8.3.117. */
const DIM = ['\x1b[2m', '\x1b[22m'] as const;
const BOLD = ['\x1b[1m', '\x1b[22m'] as const;
const PLAIN = ['', ''] as const;

function screenRows(
  layout: Layout,
  { colors }: Screen,
  { presentation, mapColumn, startUs }: RowSettings,
): Rows {
  const notation = timeNotation(presentation.timestamps ?? 'local', startUs);
  const map = mapCell(mapColumn, '  ');
  const [begin, end] = colors ? DIM : PLAIN;
  const [beginHeading, endHeading] = colors ? BOLD : PLAIN;
  const heading = `${map}${notation ? `${'TIME'.padEnd(notation.width)}  ` : ''}`;
  const prefix = new RowPrefix(notation, (time) => `${begin}${map}${time}${end}${notation ? '  ' : ''}`);
  return new ScreenRows(
    compileScreenRow(layout, { colors }),
    prefix,
    `${beginHeading}${heading}${endHeading}`,
  );
}

/** Rows that other programs read carry a time only where it is asked for. */
function stampedRows(
  compile: (options: StampedOptions) => StampedRowRenderer & { readonly header?: string },
  { presentation, mapColumn, startUs }: RowSettings,
): Rows {
  const notation = timeNotation(presentation.timestamps ?? 'none', startUs);
  const renderer = compile({ map: mapColumn?.name, timestamp: notation !== undefined });
  return notation
    ? new StampedRows(renderer, notation, renderer.header)
    : new PlainRows(renderer, renderer.header);
}
