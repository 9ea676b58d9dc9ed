import { writeBytes } from './byte-writer.ts';
import { CSV_ESCAPES, CSV_JSON_ESCAPES, type Escapes, JSON_ESCAPES, TEXT_ESCAPES } from './escapes.ts';
import { codePointOf, decodeUtf8, encodeUtf8, lengthOf } from './utf8.ts';

/**
 * Strings of samples: `length` bytes at `at` of `view`, ended earlier by a NUL. Nearly all are plain, which is
 * printable ASCII that needs no escape, and are copied eight bytes at a time; the others are decoded and escaped
 * byte by byte.
 *
 * The functions for plain ones are small enough for V8 to inline them into a row's function. One function for all,
 * which it called, made a row of text take 15 % longer.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;

type StringWriter = (out: DataView, position: number, view: DataView, at: number, length: number) => number;

/**
 * Sets the highest bit of each byte of `word` that isn't plain. Those above the first such byte may be wrong by a
 * carry or borrow, and the lower bits mean nothing.
 */
type Marks = (word: number) => number;

/** Marks what is below a space, DEL, and what is above ASCII. */
function textMarks(word: number): number {
  return (word - 0x20202020) | (word + 0x01010101) | word;
}

/** Marks quotes and backslashes as well. With bit 1 flipped, a byte below a space or a quote is below 0x21. */
function jsonMarks(word: number): number {
  const belowSpaceOrQuote = (word ^ 0x02020202) - 0x21212121;
  const backslash = (word ^ 0x5c5c5c5c) - 0x01010101;
  return belowSpaceOrQuote | backslash | (word + 0x01010101) | word;
}

/** Marks quotes, as above, and commas as well. */
function csvMarks(word: number): number {
  const belowSpaceOrQuote = (word ^ 0x02020202) - 0x21212121;
  const comma = (word ^ 0x2c2c2c2c) - 0x01010101;
  return belowSpaceOrQuote | comma | (word + 0x01010101) | word;
}

/**
 * Makes the function that copies a string and returns the position after it, or -1 where `marks` marks anything
 * in it; then the bytes from `position` on are undefined. At most `length` bytes.
 */
function plainWriter(marks: Marks): StringWriter {
  return (out, position, view, at, length) => {
    // Inside the function, since a bundler turns constants of a module into variables.
    const highestBits = 0x80808080 | 0;
    const end = at + length;
    for (; at + 8 <= end; at += 8, position += 8) {
      const first = view.getInt32(at, true);
      const second = view.getInt32(at + 4, true);
      out.setInt32(position, first, true);
      out.setInt32(position + 4, second, true);
      const firstStops = marks(first) & highestBits;
      if (firstStops !== 0) return plainEnd(position, first, firstStops);
      const secondStops = marks(second) & highestBits;
      if (secondStops !== 0) return plainEnd(position + 4, second, secondStops);
    }
    return writePlainRest(out, position, view, at, end, marks);
  };
}

/** Where the string ends whose next `word` has `stops`: at its first, if that is a NUL. */
function plainEnd(position: number, word: number, stops: number): number {
  const plain = (31 - Math.clz32(stops & -stops)) >> 3;
  return ((word >>> (plain << 3)) & 0xff) === 0 ? position + plain : -1;
}

function writePlainRest(
  out: DataView,
  position: number,
  view: DataView,
  at: number,
  end: number,
  marks: Marks,
): number {
  for (; at < end; at++, position++) {
    const byte = view.getUint8(at);
    if (byte === 0) return position;
    if ((marks(byte) & 0x80) !== 0) return -1;
    out.setUint8(position, byte);
  }
  return position;
}

/**
 * Writes a string for a line of text as `writeEscapedText` does, or returns -1 unless all of it is printable
 * ASCII, each byte one column wide. At most `length` bytes.
 */
export const writePlainText = plainWriter(textMarks);

const writePlainJson = plainWriter(jsonMarks);
const writePlainCsv = plainWriter(csvMarks);

/**
 * Writes a string for a line of text: what isn't UTF-8 becomes U+FFFD, what a terminal would act on is spelled
 * out as `printable` of @ecli/core does. At most 4 × `length` bytes.
 */
export function writeEscapedText(
  out: DataView,
  position: number,
  view: DataView,
  at: number,
  length: number,
): number {
  return writeEscaped(out, position, view, at, length, TEXT_ESCAPES);
}

/** Writes a string for a line of text, plain or not. At most 4 × `length` bytes. */
export function writeText(
  out: DataView,
  position: number,
  view: DataView,
  at: number,
  length: number,
): number {
  const plain = writePlainText(out, position, view, at, length);
  return plain >= 0 ? plain : writeEscapedText(out, position, view, at, length);
}

/** Writes what stands between the quotes of a JSON string. At most 6 × `length` bytes. */
export function writeJsonString(
  out: DataView,
  position: number,
  view: DataView,
  at: number,
  length: number,
): number {
  const plain = writePlainJson(out, position, view, at, length);
  return plain >= 0 ? plain : writeEscaped(out, position, view, at, length, JSON_ESCAPES);
}

/** Writes what stands between the quotes of a JSON string in a cell of CSV. At most 6 × `length` bytes. */
export function writeCsvJsonString(
  out: DataView,
  position: number,
  view: DataView,
  at: number,
  length: number,
): number {
  const plain = writePlainJson(out, position, view, at, length);
  return plain >= 0 ? plain : writeEscaped(out, position, view, at, length, CSV_JSON_ESCAPES);
}

/** Writes a cell of CSV, escaped as text, in quotes where it must be. At most 4 × `length` + 2 bytes. */
export function writeCsvText(
  out: DataView,
  position: number,
  view: DataView,
  at: number,
  length: number,
): number {
  const plain = writePlainCsv(out, position, view, at, length);
  if (plain >= 0) return plain;
  if (!needsQuotes(view, at, length)) return writeEscaped(out, position, view, at, length, TEXT_ESCAPES);
  out.setUint8(position, QUOTE);
  const end = writeEscaped(out, position + 1, view, at, length, CSV_ESCAPES);
  out.setUint8(end, QUOTE);
  return end + 1;
}

/** Whether there is a comma or a quote before the NUL. */
function needsQuotes(view: DataView, at: number, length: number): boolean {
  for (const end = at + length; at < end; at++) {
    const byte = view.getUint8(at);
    if (byte === 0) return false;
    if (byte === QUOTE || byte === COMMA) return true;
  }
  return false;
}

/** Counts the bytes from `start` to `end` that don't begin a character, and so take no column. */
export function countContinuationBytes(out: DataView, start: number, end: number): number {
  let count = 0;
  let at = start;
  while (at < end) {
    if (at + 4 <= end && (out.getInt32(at) & 0x80808080) === 0) {
      at += 4;
      continue;
    }
    if ((out.getUint8(at) & 0xc0) === 0x80) count++;
    at++;
  }
  return count;
}

function writeEscaped(
  out: DataView,
  position: number,
  view: DataView,
  at: number,
  length: number,
  escapes: Escapes,
): number {
  const end = at + length;
  while (at < end && view.getUint8(at) !== 0) {
    const decoded = decodeUtf8(view, at, end);
    const codePoint = codePointOf(decoded);
    const escape = escapes.get(codePoint);
    position = escape ? writeBytes(out, position, escape) : encodeUtf8(out, position, codePoint);
    at += lengthOf(decoded);
  }
  return position;
}
