import { printable } from '@ecli/core';
import { charactersIn } from './characters.ts';
import { type FunctionCode, RowCode } from './code.ts';
import { PLAIN_JSON } from './json-dialect.ts';
import type { Field, Layout, Shape } from './layout.ts';
import { startOf } from './reads.ts';
import type { TextRowRenderer } from './renderer.ts';
import { emitJson, emitScalar, isScalar, placeOf } from './value-code.ts';

const NARROWEST_COLUMN = 6;

/** A member, its heading, and where that begins, counted from the first member's. */
interface Column {
  readonly field: Field;
  readonly heading: string;
  readonly start: number;
  /** The most spaces before its value: all of the column before it, where that is empty. */
  readonly mostSpaces: number;
}

/**
 * Compiles the way from a sample laid out as `layout` to one line of text: its fields in columns, structs,
 * unions and arrays as JSON. A field begins under its heading, or after one space where the row has
 * already reached that point, which the first member's always has. Columns count characters, not bytes. An entry of a
 * map has the columns KEY and VALUE, both JSON.
 *
 * @throws PACKAGE_INVALID where a row could grow past all measure
 */
export function compileTextRow(layout: Layout): TextRowRenderer {
  const columns = columnsOf(layout.fields);
  const renderer = new RowCode(layout, PLAIN_JSON).compile((code) => {
    code.statement('let origin = position, begin = position;');
    for (const column of columns) emitColumn(code, column);
    code.literal('\n');
  });
  return { ...renderer, header: columns.map(({ heading }) => heading).join('') };
}

function columnsOf(fields: readonly Field[]): Column[] {
  let start = 0;
  let mostSpaces = 1;
  return fields.map((field) => {
    const name = printable(field.name.toUpperCase());
    const width = Math.max(charactersIn(name), NARROWEST_COLUMN) + 1;
    const column = { field, heading: name + ' '.repeat(width - charactersIn(name)), start, mostSpaces };
    start += width;
    mostSpaces = width;
    return column;
  });
}

function emitColumn(code: FunctionCode, { field, heading, start, mostSpaces }: Column): void {
  // All padding of a row is less than its headings and a space for each.
  code.spaces(`origin + ${start}`, mostSpaces, heading.length + 1);
  const { shape } = field;
  if (shape.kind === 'string') return emitString(code, field);
  const isWide = mayHoldWideCharacters(shape);
  if (isWide) code.statement('begin = position;');
  if (isScalar(shape)) emitScalar(code, shape, placeOf(code, field), printable);
  else emitJson(code, shape, placeOf(code, field));
  if (isWide) code.statement('origin += countContinuationBytes(out, begin, position);');
}

/** A string that isn't plain ASCII has bytes that take no column; they move the row's origin. */
function emitString(code: FunctionCode, field: Field): void {
  const { size } = field.shape;
  const string = `view, ${startOf(placeOf(code, field))}, ${size}`;
  code.statement(
    `begin = position;\n` +
      `position = writePlainText(out, begin, ${string});\n` +
      `if (position < 0) {\n` +
      `position = writeEscapedText(out, begin, ${string});\n` +
      `origin += countContinuationBytes(out, begin, position);\n` +
      `}`,
    4 * size,
  );
}

/** Whether a value may be shown with characters of several bytes: strings, and names that come from BTF. */
function mayHoldWideCharacters(shape: Shape): boolean {
  switch (shape.kind) {
    case 'array':
    case 'struct':
    case 'union':
    case 'record':
      return true;
    case 'enum':
      return shape.values.some(({ name }) => Buffer.byteLength(name) !== name.length);
    default:
      return false;
  }
}
