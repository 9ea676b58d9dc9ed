import { printable } from '@ecli/core';

/** The bytes that stand for a character which can't stand for itself, by its code point. */
export type Escapes = ReadonlyMap<number, Uint8Array>;

/** All code points that either escape may concern lie in these ranges. */
const CANDIDATES = [
  [0x00, 0x9f],
  [0x2028, 0x2069],
] as const;

/** What `printable` of @ecli/core spells out in a line of text. */
export const TEXT_ESCAPES: Escapes = escapesOf(printable);

/** What a JSON string needs or a terminal would act on. */
export const JSON_ESCAPES: Escapes = escapesOf(jsonCharacter);

/** Both of these in a cell of CSV, whose quotes are doubled. */
export const CSV_ESCAPES: Escapes = escapesOf((character) => doubledQuotes(printable(character)));
export const CSV_JSON_ESCAPES: Escapes = escapesOf((character) => doubledQuotes(jsonCharacter(character)));

/** Doubles the quotes in what stands in the quotes of a CSV cell (RFC 4180 section 2.7). */
export function doubledQuotes(text: string): string {
  return text.replaceAll('"', '""');
}

/** Spells a string as JSON that is safe for a terminal. */
export function jsonText(text: string): string {
  return `"${Array.from(text, jsonCharacter).join('')}"`;
}

/** RFC 8259 section 7, and what `printable` spells out, as `\u` and four hex digits. */
function jsonCharacter(character: string): string {
  const required = JSON.stringify(character).slice(1, -1);
  if (required !== character || printable(character) === character) return required;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function escapesOf(escape: (character: string) => string): Escapes {
  const escapes = new Map<number, Uint8Array>();
  for (const [first, last] of CANDIDATES) {
    for (let codePoint = first; codePoint <= last; codePoint++) {
      const character = String.fromCodePoint(codePoint);
      const escaped = escape(character);
      if (escaped !== character) escapes.set(codePoint, Buffer.from(escaped));
    }
  }
  return escapes;
}
