import type { ArgumentError } from '@ecli/core';
import { filterError } from './filter-error.ts';

/** A piece of an expression, and where it begins. */
export interface Piece {
  readonly text: string;
  readonly position: number;
}

/** A piece that may have stood in quotes, which are taken off. */
export interface Word extends Piece {
  readonly quoted: boolean;
}

const SPACE = /\s*/y;
const NUMBER = /[-+]?\d[\w.]*(?:(?<=[eE])[-+]\d+)?/y;
/** Runs of characters that can't end a bare word or pattern; `[…]` and `\…` hide what they hold in a pattern. */
const VALUE_RUN = /[^\s()&|]+/y;
const PATTERN_RUN = /(?:[^\s()&|[\\]|\\.|\[(?:[^\]\\\s]|\\.)*\]|\[)+/y;

/**
 * Walks over the text of one filter. What a character means depends on where it stands (`|` joins conditions, and
 * is a part of a pattern), so that the parser asks for the piece that it expects.
 */
export class Scanner {
  private position = 0;

  constructor(readonly text: string) {}

  /** Skips spaces and returns where the next piece begins. */
  here(): number {
    this.match(SPACE);
    return this.position;
  }

  error(position: number, reason: string, advice?: string): ArgumentError {
    return filterError(this.text, position, reason, advice);
  }

  sees(token: string): boolean {
    return this.text.startsWith(token, this.here());
  }

  /** Takes the first of `tokens` that comes next. */
  take<Token extends string>(...tokens: readonly Token[]): Token | undefined {
    const found = tokens.find((token) => this.sees(token));
    this.position += found?.length ?? 0;
    return found;
  }

  /** Takes the word `keyword`, which ends at a space or a parenthesis. */
  takeKeyword(keyword: string): boolean {
    if (!this.sees(keyword)) return false;
    const next = this.text.charAt(this.position + keyword.length);
    if (next !== '(' && next.trim() !== '') return false;
    this.position += keyword.length;
    return true;
  }

  /** Takes a member's path as C writes it; whether there is such a member is decided later. */
  path(): Piece | undefined {
    // Not a constant: V8 takes 0.2 ms for classes of Unicode, and most starts have no filter.
    return this.piece(/[\p{L}_$][\p{L}\p{N}_$]*(?:\.[\p{L}_$][\p{L}\p{N}_$]*|\[\d*\])*/uy);
  }

  /** Takes a number, or what begins as one. */
  number(): Word | undefined {
    const piece = this.piece(NUMBER);
    return piece && { ...piece, quoted: false };
  }

  /** Takes what is in quotes; a backslash before a quote or a backslash says that it is meant itself. */
  quoted(): Word | undefined {
    const raw = this.inQuotes();
    return raw && { ...raw, text: raw.text.replace(/\\(['"\\])/g, '$1') };
  }

  /** Takes what is in quotes, or all up to a space, `&&`, `||` or a `)` that nothing in it opened. */
  value(): Word | undefined {
    return this.quoted() ?? this.bare(VALUE_RUN);
  }

  /** As `value`, for a regular expression: backslashes stay as they are. */
  pattern(): Word | undefined {
    return this.inQuotes() ?? this.bare(PATTERN_RUN);
  }

  private inQuotes(): Word | undefined {
    const position = this.here();
    const quote = this.take("'", '"');
    if (quote === undefined) return undefined;
    const text = this.match(quote === "'" ? /(?:[^'\\]|\\[^])*/y : /(?:[^"\\]|\\[^])*/y);
    if (this.text.charAt(this.position) !== quote) throw this.error(position, `a ${quote} is never closed`);
    this.position++;
    return { text, position, quoted: true };
  }

  private bare(run: RegExp): Word | undefined {
    const position = this.here();
    let depth = 0;
    while (this.position < this.text.length) {
      if (this.match(run) !== '') continue;
      const next = this.text.charAt(this.position);
      if (next === '(') depth++;
      else if (next === ')') depth--;
      if (depth < 0 || next.trim() === '' || (depth === 0 && this.seesJunction())) break;
      this.position++;
    }
    const text = this.text.slice(position, this.position);
    return text === '' ? undefined : { text, position, quoted: false };
  }

  private seesJunction(): boolean {
    return this.text.startsWith('&&', this.position) || this.text.startsWith('||', this.position);
  }

  private piece(pattern: RegExp): Piece | undefined {
    const position = this.here();
    const text = this.match(pattern);
    return text === '' ? undefined : { text, position };
  }

  private match(pattern: RegExp): string {
    pattern.lastIndex = this.position;
    const text = pattern.exec(this.text)?.[0] ?? '';
    this.position += text.length;
    return text;
  }
}
