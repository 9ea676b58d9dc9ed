import { writeBytes } from './byte-writer.ts';
import { type Escapes, JSON_ESCAPES, TEXT_ESCAPES } from './escapes.ts';
import { codePointOf, decodeUtf8, encodeUtf8, lengthOf } from './utf8.ts';

/**
 * Strings of samples: `length` bytes at `at` of `view`, ended earlier by a NUL. Nearly all are printable ASCII,
 * copied four bytes at a time; the others are decoded and escaped byte by byte.
 */

/** Four times a byte that would need an escape. DEL never is plain, so it excludes nothing more. */
const QUOTES = 0x22222222;
const BACKSLASHES = 0x5c5c5c5c;
const DELS = 0x7f7f7f7f;

/**
 * Copies a string of printable ASCII that holds neither of two bytes (each given four times in a word), and
 * returns the position after it, or -1 where the string holds anything else. At most `length` bytes.
 */
function writePlain(
  out: DataView,
  position: number,
  view: DataView,
  at: number,
  length: number,
  excluded: number,
  alsoExcluded: number,
): number {
  // Bytes four times over; inside the function, since a bundler turns constants of a module into variables.
  const spaces = 0x20202020;
  const lowestBits = 0x01010101;
  const highestBits = 0x80808080 | 0;
  const end = at + length;
  while (at + 4 <= end) {
    const word = view.getInt32(at, true);
    // The highest bit of each byte that is below a space, DEL, above ASCII or excluded; bits above the first
    // such byte may be wrong by a borrow.
    const stops =
      ((word - spaces) |
        word |
        (word + lowestBits) |
        ((word ^ excluded) - lowestBits) |
        ((word ^ alsoExcluded) - lowestBits)) &
      highestBits;
    out.setInt32(position, word, true);
    if (stops !== 0) {
      const plain = (31 - Math.clz32(stops & -stops)) >> 3;
      return ((word >>> (plain << 3)) & 0xff) === 0 ? position + plain : -1;
    }
    at += 4;
    position += 4;
  }
  for (; at < end; at++, position++) {
    const byte = view.getUint8(at);
    if (byte === 0) return position;
    if (byte < 0x20 || byte >= 0x7f) return -1;
    if (byte === (excluded & 0xff) || byte === (alsoExcluded & 0xff)) return -1;
    out.setUint8(position, byte);
  }
  return position;
}

/**
 * Writes a string for a line of text as `writeEscapedText` does, or returns -1 unless all of it is printable
 * ASCII, each byte one column wide. At most `length` bytes.
 */
export function writePlainText(
  out: DataView,
  position: number,
  view: DataView,
  at: number,
  length: number,
): number {
  return writePlain(out, position, view, at, length, DELS, DELS);
}

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

/** Writes what stands between the quotes of a JSON string. At most 6 × `length` bytes. */
export function writeJsonString(
  out: DataView,
  position: number,
  view: DataView,
  at: number,
  length: number,
): number {
  const plain = writePlain(out, position, view, at, length, QUOTES, BACKSLASHES);
  return plain >= 0 ? plain : writeEscaped(out, position, view, at, length, JSON_ESCAPES);
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
