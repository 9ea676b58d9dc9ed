import { printable } from '@ecli/core';

/** All code points that either escape may concern lie in these ranges. */
const CANDIDATES = [
  [0x00, 0x9f],
  [0x2028, 0x2069],
] as const;

/**
 * The bytes that stand for characters which can't stand for themselves. They are found when the first is asked for:
 * most programs send none, and a millisecond of each start is saved.
 */
export class Escapes {
  private bytes: ReadonlyMap<number, Uint8Array> | undefined;

  constructor(private readonly spell: (character: string) => string) {}

  /** Returns undefined where the character stands for itself. */
  get(codePoint: number): Uint8Array | undefined {
    this.bytes ??= escapesBy(this.spell);
    return this.bytes.get(codePoint);
  }
}

/** What `printable` of @ecli/core spells out in a line of text. */
export const TEXT_ESCAPES = new Escapes(printable);

/** What a JSON string needs or a terminal would act on. */
export const JSON_ESCAPES = new Escapes(jsonCharacter);

/** Both of these in a cell of CSV, whose quotes are doubled. */
export const CSV_ESCAPES = new Escapes((character) => doubledQuotes(printable(character)));
export const CSV_JSON_ESCAPES = new Escapes((character) => doubledQuotes(jsonCharacter(character)));

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

function escapesBy(spell: (character: string) => string): ReadonlyMap<number, Uint8Array> {
  const escapes = new Map<number, Uint8Array>();
  for (const [first, last] of CANDIDATES) {
    for (let codePoint = first; codePoint <= last; codePoint++) {
      const character = String.fromCodePoint(codePoint);
      const escaped = spell(character);
      if (escaped !== character) escapes.set(codePoint, Buffer.from(escaped));
    }
  }
  return escapes;
}
