import { printable } from '@ecli/core';
import { type FunctionCode, RowCode } from './code.ts';
import { doubledQuotes } from './escapes.ts';
import { JSON_IN_CSV } from './json-dialect.ts';
import type { Field, Layout } from './layout.ts';
import { startOf } from './reads.ts';
import type { RowOptions, StampedRowRenderer } from './renderer.ts';
import { flattened } from './select-fields.ts';
import { LONGEST_STAMP, Stamp } from './stamp.ts';
import { CSV_STRING, emitString } from './string-code.ts';
import { emitJson, emitScalar, isScalar, placeOf } from './value-code.ts';

/** Rows of comma-separated values. */
export interface CsvRowRenderer extends StampedRowRenderer {
  /** The members' names, without a line end. */
  readonly header: string;
}

/**
 * Compiles the way from a sample laid out as `layout` to one record of CSV (RFC 4180), whose columns are its fields;
 * an entry's are the members of its key and of its value. Scalars and strings are written as in a row of text and
 * quoted only where they must be; structs, unions and arrays are JSON in quotes. A map's name is the first cell of each row,
 * and of the header too: where several maps' rows come together, the first record of a name is its header.
 *
 * Lines end in LF and never hold one inside quotes: what a terminal acts on is spelled out as in text, so that tools
 * which take lines take these. RFC 4180 has CR LF, whose CR those tools would leave in the last column.
 *
 * @throws PACKAGE_INVALID where a row could grow past all measure
 */
export function compileCsvRow(layout: Layout, { map, timestamp = false }: RowOptions = {}): CsvRowRenderer {
  const { fields } = flattened(layout);
  const stamp = new Stamp();
  const columns: Column[] = fields.map((field) => ({
    name: field.name,
    emit: (code) => emitCell(code, field),
  }));
  if (timestamp) columns.unshift({ name: 'timestamp', emit: (code) => code.stored(stamp, LONGEST_STAMP) });
  if (map !== undefined) columns.unshift({ name: map, emit: (code) => code.literal(csvText(map)) });
  const renderer = new RowCode(layout, JSON_IN_CSV).compile((code) => {
    columns.forEach(({ emit }, index) => {
      if (index > 0) code.literal(',');
      emit(code);
    });
    code.literal('\n');
  });
  return {
    ...renderer,
    header: columns.map(({ name }) => csvText(name)).join(','),
    setTimestamp: (text) => stamp.set(text),
  };
}

interface Column {
  readonly name: string;
  readonly emit: (code: FunctionCode) => void;
}

function emitCell(code: FunctionCode, field: Field): void {
  const { shape } = field;
  const place = placeOf(code, field);
  if (isScalar(shape)) return emitScalar(code, shape, place, csvText);
  if (shape.kind === 'string') return emitString(code, CSV_STRING, startOf(place), shape.size);
  code.literal('"');
  emitJson(code, shape, place);
  code.literal('"');
}

/** A cell, in quotes where it has a comma or a quote; line ends it can't have once it is printable. */
function csvText(text: string): string {
  const cell = printable(text);
  return /[",]/.test(cell) ? `"${doubledQuotes(cell)}"` : cell;
}
