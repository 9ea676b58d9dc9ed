import { EcliError } from '@ecli/core';
import { writeBool, writeBytes, writeSpaces } from './byte-writer.ts';
import { writeI128, writeI32, writeI64, writeU128, writeU32, writeU64 } from './decimal.ts';
import { writeJsonDouble, writeJsonFloat, writeTextDouble, writeTextFloat } from './float-writer.ts';
import { EnumTable } from './enum-table.ts';
import type { JsonDialect } from './json-dialect.ts';
import type { EnumShape, Layout } from './layout.ts';
import type { RowRenderer } from './renderer.ts';
import {
  countContinuationBytes,
  wordEnd,
  writeEscapedCsv,
  writeEscapedJson,
  writeEscapedJsonInCsv,
  writeEscapedText,
  writePlainTail,
} from './string-writer.ts';

/** What generated code may call; each writer takes `out` and a position and returns the position after. */
const WRITERS = {
  countContinuationBytes,
  wordEnd,
  writeBool,
  writeBytes,
  writeEscapedCsv,
  writeEscapedJson,
  writeEscapedJsonInCsv,
  writeEscapedText,
  writeI128,
  writeI32,
  writeI64,
  writeJsonDouble,
  writeJsonFloat,
  writePlainTail,
  writeSpaces,
  writeTextDouble,
  writeTextFloat,
  writeU128,
  writeU32,
  writeU64,
} as const;

export type Writer = keyof typeof WRITERS;

/** Without asking how many are needed, so many spaces are stored; where there may be more, a loop writes them. */
const MOST_INLINE_SPACES = 16;
/** Stores may reach this far past what counts. */
const OVERSHOOT_BYTES = MOST_INLINE_SPACES;
const LARGEST_ROW_BYTES = 16 << 20;
/** Characters. A thousand members take some 200,000. */
const LARGEST_SOURCE = 4 << 20;
const LONGEST_INLINE_LITERAL = 128;

type WriteRow = (view: DataView, at: number, out: DataView, position: number) => number;

type TableName = `table${number}`;

/** Makes of an enum's `NAME(value)` what the output wants. */
export type SpellEnum = (text: string) => string;

/** A generated function, by its name in the code. */
export interface GeneratedFunction {
  readonly name: string;
  readonly maxBytes: number;
}

/**
 * The source of one renderer: its functions, and the tables they use. No text from BTF ever becomes source:
 * the code holds only our own words and numbers, since names turn into the numbers of their bytes.
 */
export class RowCode {
  private readonly functions: string[] = [];
  private readonly defined = new Map<object, GeneratedFunction>();
  private readonly tables = new Map<object, TableName>();
  private readonly enumTables = new Map<SpellEnum, Map<EnumShape, EnumTable>>();
  private sourceLength = 0;

  constructor(
    private readonly layout: Layout,
    /** How values that have members are spelled. */
    readonly json: JsonDialect,
  ) {}

  /** Names `value` in the code. */
  table(value: object): TableName {
    const name = this.tables.get(value) ?? (`table${this.tables.size}` as const);
    this.tables.set(value, name);
    return name;
  }

  /** Returns the table of `shape` in one spelling, the same each time. */
  enumTable(shape: EnumShape, spell: SpellEnum): EnumTable {
    const tables = this.enumTables.get(spell) ?? new Map<EnumShape, EnumTable>();
    this.enumTables.set(spell, tables);
    const table = tables.get(shape) ?? new EnumTable(shape, spell);
    tables.set(shape, table);
    return table;
  }

  /** Returns the function for `key`, whose body `emit` makes the first time. */
  define(key: object, emit: (body: FunctionCode) => void): GeneratedFunction {
    const known = this.defined.get(key);
    if (known) return known;
    const body = new FunctionCode(this);
    emit(body);
    const generated = { name: `write${this.functions.length}`, maxBytes: body.maxBytes };
    this.functions.push(
      `function ${generated.name}(view, at, out, position) {\n` + `${body.source()}return position;\n}\n`,
    );
    this.defined.set(key, generated);
    return generated;
  }

  /**
   * Takes note of source that is made, a loop's body again for each loop around it.
   *
   * @throws PACKAGE_INVALID when it could grow past all measure
   */
  countSource(length: number): void {
    this.sourceLength += length;
    if (this.sourceLength > LARGEST_SOURCE) throw this.refusal('too intricate to be shown');
  }

  /**
   * Compiles the function for a whole sample.
   *
   * @throws PACKAGE_INVALID when a row, or the code for it, could grow past all measure
   */
  compile(emit: (body: FunctionCode) => void): RowRenderer {
    const row = this.define(this.layout, emit);
    const maxBytes = row.maxBytes + OVERSHOOT_BYTES;
    if (maxBytes > LARGEST_ROW_BYTES) {
      throw this.refusal(`a row could take ${maxBytes} bytes, more than ${LARGEST_ROW_BYTES}`);
    }
    return rowRenderer(this.evaluate(row.name), this.layout.size, maxBytes);
  }

  private refusal(reason: string): EcliError {
    return new EcliError('PACKAGE_INVALID', `${this.layout.spelling}: ${reason}`, {
      hint: 'export a type with fewer members and smaller arrays',
    });
  }

  private evaluate(name: string): WriteRow {
    const writers = Object.keys(WRITERS);
    const source = `'use strict';\n${this.functions.join('')}return ${name};`;
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- what the class promises makes this safe
    const make = new Function(...writers, ...this.tables.values(), source) as (
      ...used: unknown[]
    ) => WriteRow;
    return make(...Object.values(WRITERS), ...this.tables.keys());
  }
}

/**
 * The body of one generated function `(view, at, out, position)`: `at` is where its value lies in `view`, and
 * `position` where the next byte goes in `out`.
 */
export class FunctionCode {
  private lines = '';
  private pending = '';
  private bytes = 0;

  constructor(
    readonly row: RowCode,
    /** How many loops stand around this code. */
    private readonly loops = 0,
  ) {}

  /** The most bytes that the code writes. */
  get maxBytes(): number {
    return this.bytes;
  }

  /** The variable that holds where the value lies. */
  get at(): string {
    return this.loops === 0 ? 'at' : `at${this.loops}`;
  }

  /** Writes `text` as it is. */
  literal(text: string): void {
    this.pending += text;
    this.bytes += Buffer.byteLength(text);
  }

  /** Writes a piece of JSON's punctuation or names. */
  json(text: string): void {
    this.literal(this.row.json.embed(text));
  }

  /** Writes a space, and more, `most` in all, until the position is `target`. They count as `maxBytes`. */
  spaces(target: string, most: number, maxBytes: number): void {
    const code =
      most > MOST_INLINE_SPACES
        ? `position = writeSpaces(out, position, ${target});`
        : `${stores(Buffer.alloc(most, ' '))}position = Math.max(position + 1, ${target});`;
    this.statement(code, maxBytes);
  }

  /** Writes what the table `value` has in store, at most `maxBytes`. */
  stored(value: { write(out: DataView, position: number): number }, maxBytes: number): void {
    this.statement(`position = ${this.row.table(value)}.write(out, position);`, maxBytes);
  }

  /** Writes what `writer` makes of `args`, at most `maxBytes`. */
  write(writer: Writer | `${TableName}.write`, args: string, maxBytes: number): void {
    this.statement(`position = ${writer}(out, position, ${args});`);
    this.bytes += maxBytes;
  }

  /** Writes what another generated function makes of the value at `at`. */
  call(callee: GeneratedFunction, at: string): void {
    this.statement(`position = ${callee.name}(view, ${at}, out, position);`);
    this.bytes += callee.maxBytes;
  }

  /** Adds a statement that writes at most `maxBytes`. */
  statement(code: string, maxBytes = 0): void {
    this.flush();
    this.append(`${code}\n`);
    this.bytes += maxBytes;
  }

  /** Writes `count` values that lie `stride` bytes apart from `start` on, and a comma between each two. */
  repeat(start: string, count: number, stride: number, emit: (body: FunctionCode) => void): void {
    if (count === 0) return;
    const body = new FunctionCode(this.row, this.loops + 1);
    emit(body);
    const index = `index${this.loops + 1}`;
    this.statement(
      `for (let ${index} = 0, ${body.at} = ${start}; ${index} < ${count}; ${index}++, ${body.at} += ${stride}) {\n` +
        `${body.source()}out.setUint8(position++, 0x2c);\n}\nposition--;`,
      (body.maxBytes + 1) * count,
    );
  }

  source(): string {
    this.flush();
    return this.lines;
  }

  private flush(): void {
    if (this.pending === '') return;
    const bytes = Buffer.from(this.pending);
    this.pending = '';
    this.append(bytes.length > LONGEST_INLINE_LITERAL ? this.copy(bytes) : literalStores(bytes));
  }

  private append(code: string): void {
    this.row.countSource(code.length);
    this.lines += code;
  }

  private copy(bytes: Uint8Array): string {
    return `position = writeBytes(out, position, ${this.row.table(bytes)});\n`;
  }
}

function literalStores(bytes: Buffer): string {
  return `${stores(bytes)}position += ${bytes.length};\n`;
}

/**
 * Stores eight bytes at a time, as doubles: with words, a row of JSON takes 7 % longer. Those past the end are
 * overwritten by what follows. UTF-8 is never a NaN, of whose bits JavaScript promises nothing: that would be
 * 0xf0 or more before a last 0x7f or 0xff.
 */
function stores(utf8: Buffer): string {
  const padded = Buffer.concat([utf8, Buffer.alloc(7, ' ')]);
  let code = '';
  for (let index = 0; index < utf8.length; index += 8) {
    const store =
      utf8.length - index > 4
        ? `setFloat64(position + ${index}, ${padded.readDoubleLE(index)}`
        : `setInt32(position + ${index}, ${padded.readInt32LE(index)}`;
    code += `out.${store}, true);\n`;
  }
  return code;
}

/** Lets `writeRow` have a DataView of the output, made when the output changes. */
function rowRenderer(writeRow: WriteRow, sampleSize: number, maxBytes: number): RowRenderer {
  let output: Uint8Array = new Uint8Array(0);
  let outputView: DataView = new DataView(output.buffer);
  return {
    sampleSize,
    maxBytes,
    render(memory, offset, out, position) {
      if (out !== output) {
        output = out;
        outputView = new DataView(out.buffer, out.byteOffset, out.byteLength);
      }
      return writeRow(memory.view, offset, outputView, position);
    },
  };
}
