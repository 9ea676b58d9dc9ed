import type { FunctionCode, SpellEnum, Writer } from './code.ts';
import { jsonText } from './escapes.ts';
import { UP_TO_FOUR_DIGITS } from './decimal.ts';
import { FLOAT_BYTES } from './float-writer.ts';
import { floatValue, integerParts, type Place, startOf } from './reads.ts';
import { emitString } from './string-code.ts';
import type {
  ArrayShape,
  BoolShape,
  CompositeShape,
  EnumShape,
  Field,
  FloatShape,
  IntegerShape,
  RecordShape,
  Shape,
} from './layout.ts';

/** Adds code that writes the value at `place` as JSON. */
export function emitJson(code: FunctionCode, shape: Shape, place: Place): void {
  switch (shape.kind) {
    case 'integer':
      return emitJsonInteger(code, shape, place);
    case 'bool':
      return emitBool(code, shape, place);
    case 'enum':
      return emitEnum(code, shape, place, code.row.json.text);
    case 'float':
      return emitFloat(code, shape, place, shape.size === 4 ? 'writeJsonFloat' : 'writeJsonDouble');
    case 'string':
      code.json('"');
      emitString(code, code.row.json.string, startOf(place), shape.size);
      return code.json('"');
    case 'array':
      return emitArray(code, shape, place);
    case 'struct':
    case 'union':
      return emitComposite(code, shape, place);
    case 'record':
      return emitRecord(code, shape, place);
  }
}

/** What has no members, and no text from the sample. */
export type ScalarShape = IntegerShape | BoolShape | EnumShape | FloatShape;

export function isScalar(shape: Shape): shape is ScalarShape {
  return shape.height === 0 && shape.kind !== 'string';
}

/** Adds code that writes a scalar as text, an enum's `NAME(value)` as `spell` spells it. */
export function emitScalar(code: FunctionCode, shape: ScalarShape, place: Place, spell: SpellEnum): void {
  switch (shape.kind) {
    case 'integer':
      return emitInteger(code, shape, place);
    case 'bool':
      return emitBool(code, shape, place);
    case 'enum':
      return emitEnum(code, shape, place, spell);
    case 'float':
      return emitFloat(code, shape, place, shape.size === 4 ? 'writeTextFloat' : 'writeTextDouble');
  }
}

/** Adds code that writes an object's members and the commas between them. */
export function emitJsonMembers(code: FunctionCode, fields: readonly Field[]): void {
  fields.forEach((field, index) => {
    code.json(`${index === 0 ? '' : ','}${jsonText(field.name)}:`);
    emitJson(code, field.shape, placeOf(code, field));
  });
}

/** Where `field` lies, seen from the code of what holds it. */
export function placeOf(code: FunctionCode, { bitOffset, bitSize }: Field): Place {
  return { at: code.at, bitOffset, bitSize };
}

const UNSIGNED_WRITERS = { 1: 'writeU32', 2: 'writeU64', 4: 'writeU128' } as const;
const SIGNED_WRITERS = { 1: 'writeI32', 2: 'writeI64', 4: 'writeI128' } as const;

/** The most digits, and a sign, of an integer by its bytes. */
const DECIMAL_BYTES: Readonly<Record<number, number>> = { 1: 4, 2: 6, 4: 11, 8: 20, 16: 40 };

/** Adds code that writes an integer in decimal. */
function emitInteger(code: FunctionCode, shape: IntegerShape, place: Place): void {
  const parts = integerParts(place, shape.size, shape.signed);
  const writers = shape.signed ? SIGNED_WRITERS : UNSIGNED_WRITERS;
  const writer = writers[parts.length as keyof typeof writers];
  const maxBytes = DECIMAL_BYTES[shape.size] ?? 0;
  if (parts.length > 1) return code.write(writer, parts.join(', '), maxBytes);
  // What writeUpToFour of decimal.ts does. As a call, which V8 doesn't always inline, it makes a row 15 % slower.
  code.statement(
    `{\nconst value = ${parts[0]};\n` +
      `if (value >>> 0 < ${UP_TO_FOUR_DIGITS.length}) {\n` +
      `const digits = ${code.row.table(UP_TO_FOUR_DIGITS)}[value];\n` +
      `out.setInt32(position, digits, true);\n` +
      `position += 4 - (Math.clz32(digits) >> 3);\n` +
      `} else position = ${writer}(out, position, value);\n}`,
    maxBytes,
  );
}

/** No JSON reader can be trusted with a number of 128 bits, so those are strings. */
function emitJsonInteger(code: FunctionCode, shape: IntegerShape, place: Place): void {
  const quote = shape.size === 16 ? '"' : '';
  code.json(quote);
  emitInteger(code, shape, place);
  code.json(quote);
}

function emitBool(code: FunctionCode, shape: BoolShape, place: Place): void {
  code.write('writeBool', integerParts(place, shape.size, false).join(' | '), 5);
}

/** Adds code that writes `NAME(value)` as `spell` spells it. */
function emitEnum(code: FunctionCode, shape: EnumShape, place: Place, spell: SpellEnum): void {
  const table = code.row.enumTable(shape, spell);
  const [low = '0', high = shape.signed ? `${low} >> 31` : '0'] = integerParts(
    place,
    shape.size,
    shape.signed,
  );
  code.write(`${code.row.table(table)}.write`, `${low}, ${high}`, table.maxBytes);
}

function emitFloat(code: FunctionCode, shape: FloatShape, place: Place, writer: Writer): void {
  code.write(writer, floatValue(place, shape.size), FLOAT_BYTES);
}

function emitArray(code: FunctionCode, { element, length, stride }: ArrayShape, place: Place): void {
  code.literal('[');
  code.repeat(startOf(place), length, stride, (body) =>
    emitJson(body, element, { at: body.at, bitOffset: 0, bitSize: 0 }),
  );
  code.literal(']');
}

/** One function for each struct or union type, so that the code grows with the types and not with their uses. */
function emitComposite(code: FunctionCode, shape: CompositeShape, place: Place): void {
  const generated = code.row.define(shape, (body) => {
    body.json(`{"__EUNOMIA_TYPE":"${shape.kind}","__EUNOMIA_TYPE_NAME":${jsonText(shape.name)}`);
    if (shape.fields.length > 0) body.literal(',');
    emitJsonMembers(body, shape.fields);
    body.literal('}');
  });
  code.call(generated, startOf(place));
}

function emitRecord(code: FunctionCode, shape: RecordShape, place: Place): void {
  const generated = code.row.define(shape, (body) => {
    body.literal('{');
    emitJsonMembers(body, shape.fields);
    body.literal('}');
  });
  code.call(generated, startOf(place));
}
