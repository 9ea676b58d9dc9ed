import { printable } from '@ecli/core';
import { charactersIn } from './characters.ts';
import { ALIGNMENT_BYTES, ColumnWidths } from './column-widths.ts';
import { type FunctionCode, RowCode } from './code.ts';
import { PLAIN_JSON } from './json-dialect.ts';
import type { Field, Layout, Shape } from './layout.ts';
import { startOf } from './reads.ts';
import type { RowRenderer } from './renderer.ts';
import { flattened } from './select-fields.ts';
import { emitString, TEXT_STRING } from './string-code.ts';
import { emitJson, emitScalar, isScalar, placeOf } from './value-code.ts';

export interface ScreenRowOptions {
  /** Whether values are told apart by colours (SGR sequences). */
  readonly colors: boolean;
}

/** Rows for a person's screen; nothing stands before the first column's value. */
export interface ScreenRowRenderer extends RowRenderer {
  /** The headings over the columns as wide as those are now, without a line end. */
  readonly header: string;
  /** Changes whenever columns have widened, so that `header` is another. */
  readonly version: number;
}

const GAP = '  ';

/** Select Graphic Rendition (ECMA-48 8.3.117): what begins and what ends a look. */
const BOLD = ['\x1b[1m', '\x1b[22m'] as const;
const CYAN = ['\x1b[36m', '\x1b[39m'] as const;
const YELLOW = ['\x1b[33m', '\x1b[39m'] as const;
const GREEN = ['\x1b[32m', '\x1b[39m'] as const;
const PLAIN = ['', ''] as const;

/**
 * Compiles the way from a sample laid out as `layout` to a row for a screen: columns that widen to their data,
 * numbers to the right and the rest to the left of theirs. An entry's columns are the members of its key and of its
 * value. Nothing is cut off; a value longer than the widest column moves the rest of its row.
 *
 * @throws PACKAGE_INVALID where a row could grow past all measure
 */
export function compileScreenRow(layout: Layout, { colors }: ScreenRowOptions): ScreenRowRenderer {
  const { fields } = flattened(layout);
  const headings = fields.map(({ name }) => printable(name.toUpperCase()));
  const widths = new ColumnWidths(headings.map(charactersIn), colors);
  const renderer = new RowCode(layout, PLAIN_JSON).compile((code) => {
    code.statement('let begin = position;');
    fields.forEach((field, column) => {
      if (column > 0) code.literal(GAP);
      emitColumn(code, field, { widths, column, colors, isLast: column === fields.length - 1 });
    });
    code.literal('\n');
  });
  return {
    ...renderer,
    get header() {
      const [begin, end] = colors ? BOLD : PLAIN;
      const cells = fields.map(({ shape }, column) =>
        aligned(headings[column] ?? '', widths.of(column), sideOf(shape)),
      );
      return `${begin}${cells.join(GAP).trimEnd()}${end}`;
    },
    get version() {
      return widths.version;
    },
  };
}

interface ColumnPlace {
  readonly widths: ColumnWidths;
  readonly column: number;
  readonly colors: boolean;
  readonly isLast: boolean;
}

function emitColumn(code: FunctionCode, field: Field, { widths, column, colors, isLast }: ColumnPlace): void {
  const [begin, end] = colors ? lookOf(field.shape) : PLAIN;
  code.literal(begin);
  code.statement('begin = position;');
  emitValue(code, field);
  const side = sideOf(field.shape);
  // Spaces at the end of a line help nobody.
  if (side === 'right' || !isLast) {
    code.statement(
      `position = ${code.row.table(widths)}.${side}(out, begin, position, ${column});`,
      ALIGNMENT_BYTES,
    );
  }
  code.literal(end);
}

function emitValue(code: FunctionCode, field: Field): void {
  const { shape } = field;
  const place = placeOf(code, field);
  if (isScalar(shape)) return emitScalar(code, shape, place, printable);
  if (shape.kind !== 'string') return emitJson(code, shape, place);
  emitString(code, TEXT_STRING, startOf(place), shape.size);
}

type Side = 'left' | 'right';

function sideOf({ kind }: Shape): Side {
  return kind === 'integer' || kind === 'float' ? 'right' : 'left';
}

function aligned(text: string, width: number, side: Side): string {
  const spaces = ' '.repeat(width - charactersIn(text));
  return side === 'right' ? spaces + text : text + spaces;
}

function lookOf({ kind }: Shape): readonly [begin: string, end: string] {
  switch (kind) {
    case 'string':
      return CYAN;
    case 'enum':
      return YELLOW;
    case 'bool':
      return GREEN;
    default:
      return PLAIN;
  }
}
