import type { FunctionCode, Writer } from './code.ts';

/**
 * How the strings of one kind of output are written. Nearly all are plain, which is printable ASCII that needs no
 * escape, and are copied eight bytes at a time; the others are decoded and escaped byte by byte.
 */
export interface StringStyle {
  /** What isn't plain either, though it is printable ASCII. */
  readonly special: string;
  /** By byte, 1 for a plain one. */
  readonly plain: Uint8Array;
  /** Writes a string that isn't plain. */
  readonly writer: Writer;
  /** The most bytes that come of a byte, and of none. */
  readonly most: number;
  readonly mostAround: number;
}

/** Escaped as `printable` of @ecli/core does. */
export const TEXT_STRING = style('', 'writeEscapedText', 4);
/** What stands between the quotes of a JSON string. */
export const JSON_STRING = style('"\\', 'writeEscapedJson', 6);
/** The same in a cell of CSV. */
export const JSON_STRING_IN_CSV = style('"\\', 'writeEscapedJsonInCsv', 6);
/** A cell of CSV, escaped as text. */
export const CSV_STRING = style('",', 'writeEscapedCsv', 4, 2);

function style(special: string, writer: Writer, most: number, mostAround = 0): StringStyle {
  const plain = new Uint8Array(256).fill(1, 0x20, 0x7f);
  for (const byte of Buffer.from(special)) plain[byte] = 0;
  return { special, plain, writer, most, mostAround };
}

const HIGHEST_BITS = 0x80808080 | 0;

/**
 * Adds code that writes the string in the `size` bytes at `at`, ended earlier by a NUL, and then `afterEscaped`
 * where it wasn't plain, with `start` for where it began.
 *
 * The loop stands in the row's function: as a call, which V8 inlines only so often, a row of JSON took twice as long.
 */
export function emitString(
  code: FunctionCode,
  { special, plain, writer, most, mostAround }: StringStyle,
  at: string,
  size: number,
  afterEscaped = '',
): void {
  const whole = size - (size % 8);
  const stop = (word: string, stops: string, ahead: string): string =>
    `const ${stops} = ${marks(word, special)} & ${HIGHEST_BITS};\n` +
    `if (${stops} !== 0) { position = wordEnd(position${ahead}, ${word}, ${stops}); break copy; }\n`;
  code.statement(
    `{\nconst start = position;\n` +
      `copy: {\n` +
      `for (let from = ${at}; from < ${at} + ${whole}; from += 8, position += 8) {\n` +
      `const first = view.getInt32(from, true);\n` +
      `const second = view.getInt32(from + 4, true);\n` +
      `out.setInt32(position, first, true);\n` +
      `out.setInt32(position + 4, second, true);\n` +
      stop('first', 'firstStops', '') +
      stop('second', 'secondStops', ' + 4') +
      `}\n` +
      (whole < size
        ? `position = writePlainTail(out, position, view, ${at} + ${whole}, ${at} + ${size}, ${code.row.table(plain)});\n`
        : '') +
      `}\n` +
      `if (position < 0) {\n` +
      `position = ${writer}(out, start, view, ${at}, ${size});\n${afterEscaped}}\n}`,
    most * size + mostAround,
  );
}

/**
 * The expression that sets the highest bit of each byte of `word` that isn't plain: what is below a space, DEL, what
 * is above ASCII, and what is special. Those above the first such byte may be wrong by a carry or borrow, and the
 * lower bits mean nothing. With bit 1 flipped, bytes below a space and a quote alone are below 0x21.
 */
function marks(word: string, special: string): string {
  const hasQuote = special.includes('"');
  const low = hasQuote ? `((${word} ^ 0x02020202) - 0x21212121)` : `(${word} - 0x20202020)`;
  const others = Array.from(Buffer.from(special.replace('"', '')), (byte) => {
    return ` | ((${word} ^ ${byte * 0x01010101}) - 0x01010101)`;
  });
  return `(${low} | (${word} + 0x01010101) | ${word}${others.join('')})`;
}
