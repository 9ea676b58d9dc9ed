import { printable } from '@ecli/core';
import { charactersIn } from './characters.ts';
import { type FunctionCode, RowCode } from './code.ts';
import { PLAIN_JSON } from './json-dialect.ts';
import type { Field, Layout, Shape } from './layout.ts';
import { startOf } from './reads.ts';
import type { TextRowRenderer } from './renderer.ts';
import { emitString, TEXT_STRING } from './string-code.ts';
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
    columns.forEach((column, index) => emitColumn(code, column, index === columns.length - 1));
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

function emitColumn(
  code: FunctionCode,
  { field, heading, start, mostSpaces }: Column,
  isLast: boolean,
): void {
  // All padding of a row is less than its headings and a space for each.
  code.spaces(`origin + ${start}`, mostSpaces, heading.length + 1);
  const { shape } = field;
  if (shape.kind === 'string') {
    return emitString(code, TEXT_STRING, startOf(placeOf(code, field)), shape.size, MOVE_ORIGIN);
  }

  // Only columns that follow have to know where they are.
  const isWide = !isLast && mayBeWide(shape);
  if (isWide) code.statement('begin = position;');
  if (isScalar(shape)) emitScalar(code, shape, placeOf(code, field), printable);
  else emitJson(code, shape, placeOf(code, field));
  if (isWide) code.statement('origin += countContinuationBytes(out, begin, position);');
}

/** What isn't plain ASCII has bytes that take no column; they move the row's origin. */
const MOVE_ORIGIN = 'origin += countContinuationBytes(out, start, position);\n';

/** Whether a value may be shown with characters of several bytes: strings, and names that come from BTF. */
function mayBeWide(shape: Shape, known = new Map<Shape, boolean>()): boolean {
  const seen = known.get(shape);
  if (seen !== undefined) return seen;
  const isWide = holdsWide(shape, (inner) => mayBeWide(inner, known));
  known.set(shape, isWide);
  return isWide;
}

function holdsWide(shape: Shape, mayBeWide: (shape: Shape) => boolean): boolean {
  switch (shape.kind) {
    case 'string':
      return true;
    case 'array':
      return mayBeWide(shape.element);
    case 'struct':
    case 'union':
      return (
        isWideText(shape.name) ||
        shape.fields.some((field) => isWideText(field.name) || mayBeWide(field.shape))
      );
    case 'record':
      return shape.fields.some((field) => isWideText(field.name) || mayBeWide(field.shape));
    case 'enum':
      return shape.values.some(({ name }) => isWideText(name));
    default:
      return false;
  }
}

function isWideText(text: string): boolean {
  return Buffer.byteLength(text) !== text.length;
}
