import { printable } from '@ecli/core';
import { type FunctionCode, RowCode } from './code.ts';
import { PLAIN_JSON } from './json-dialect.ts';
import type { Field, Layout, Shape } from './layout.ts';
import { startOf } from './reads.ts';
import type { TextRowRenderer } from './renderer.ts';
import { emitBool, emitEnum, emitFloat, emitInteger, emitJson, placeOf } from './value-code.ts';

/** `TIME` padded to its eight characters, and a space. */
const TIME_HEADER = 'TIME     ';
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
 * map has no columns: its key and its value are JSON, each after a space.
 *
 * @throws PACKAGE_INVALID where a row could grow past all measure
 */
export function compileTextRow(layout: Layout): TextRowRenderer {
  if (layout.isEntry === true) return compileEntry(layout);
  const columns = columnsOf(layout.fields);
  const renderer = new RowCode(layout, PLAIN_JSON).compile((code) => {
    code.statement('let origin = position, begin = position;');
    for (const column of columns) emitColumn(code, column);
    code.literal('\n');
  });
  return { ...renderer, header: TIME_HEADER + columns.map(({ heading }) => heading).join('') };
}

function compileEntry(layout: Layout): TextRowRenderer {
  const renderer = new RowCode(layout, PLAIN_JSON).compile((code) => {
    for (const field of layout.fields) {
      code.literal(' ');
      emitJson(code, field.shape, placeOf(code, field));
    }
    code.literal('\n');
  });
  return { ...renderer, header: '' };
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

function charactersIn(text: string): number {
  return Array.from(text).length;
}

function emitColumn(code: FunctionCode, { field, heading, start, mostSpaces }: Column): void {
  // All padding of a row is less than its headings and a space for each.
  code.spaces(`origin + ${start}`, mostSpaces, heading.length + 1);
  if (field.shape.kind === 'string') return emitString(code, field);
  if (!mayHoldWideCharacters(field.shape)) return emitText(code, field);
  code.statement('begin = position;');
  emitText(code, field);
  code.statement('origin += countContinuationBytes(out, begin, position);');
}

function emitText(code: FunctionCode, field: Field): void {
  const { shape } = field;
  const place = placeOf(code, field);
  switch (shape.kind) {
    case 'integer':
      return emitInteger(code, shape, place);
    case 'bool':
      return emitBool(code, shape, place);
    case 'enum':
      return emitEnum(code, shape, place, printable);
    case 'float':
      return emitFloat(code, shape, place, shape.size === 4 ? 'writeTextFloat' : 'writeTextDouble');
    default:
      return emitJson(code, shape, place);
  }
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
