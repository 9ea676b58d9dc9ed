import { writeBytes } from './byte-writer.ts';
import { CSV_ESCAPES, CSV_JSON_ESCAPES, type Escapes, JSON_ESCAPES, TEXT_ESCAPES } from './escapes.ts';
import { codePointOf, decodeUtf8, encodeUtf8, lengthOf } from './utf8.ts';

/**
 * Where strings of samples end, and those that can't be copied as they are: `length` bytes at `at` of `view`, ended
 * earlier by a NUL. Generated code (string-code.ts) copies eight bytes at a time and calls these for the rest.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;

/**
 * Where a string ends of whose next `word` some bytes stop it: at the first of those, if that is a NUL, else -1. The
 * lowest bit that is set in `stops` is the highest of that byte.
 */
export function wordEnd(position: number, word: number, stops: number): number {
  const plain = (31 - Math.clz32(stops & -stops)) >> 3;
  return ((word >>> (plain << 3)) & 0xff) === 0 ? position + plain : -1;
}

/** Copies what is left of a string, and returns the position after it, or -1 where there is a byte not `plain`. */
export function writePlainTail(
  out: DataView,
  position: number,
  view: DataView,
  at: number,
  end: number,
  plain: Uint8Array,
): number {
  for (; at < end; at++, position++) {
    const byte = view.getUint8(at);
    if (byte === 0) return position;
    if (plain[byte] === 0) return -1;
    out.setUint8(position, byte);
  }
  return position;
}

type StringWriter = (out: DataView, position: number, view: DataView, at: number, length: number) => number;

/** What isn't UTF-8 becomes U+FFFD, what a terminal would act on is spelled out as `printable` of @ecli/core does. */
export const writeEscapedText: StringWriter = (out, position, view, at, length) =>
  writeEscaped(out, position, view, at, length, TEXT_ESCAPES);

export const writeEscapedJson: StringWriter = (out, position, view, at, length) =>
  writeEscaped(out, position, view, at, length, JSON_ESCAPES);

export const writeEscapedJsonInCsv: StringWriter = (out, position, view, at, length) =>
  writeEscaped(out, position, view, at, length, CSV_JSON_ESCAPES);

/** A cell of CSV, in quotes where it must be. */
export const writeEscapedCsv: StringWriter = (out, position, view, at, length) => {
  if (!needsQuotes(view, at, length)) return writeEscapedText(out, position, view, at, length);
  out.setUint8(position, QUOTE);
  const end = writeEscaped(out, position + 1, view, at, length, CSV_ESCAPES);
  out.setUint8(end, QUOTE);
  return end + 1;
};

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
