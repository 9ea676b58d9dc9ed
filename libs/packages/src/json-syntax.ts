const LONG_INTEGER = /[[:,]\s*-?\d{16}/;
const STRING_OR_LONG_INTEGER = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![-+.\deE])-?\d{16,}(?![.\deE])/g;

/**
 * As JSON.parse, but whole numbers that would be written with other digits again come as strings of theirs: a
 * 64-bit default must not become its neighbour.
 *
 * @throws SyntaxError
 */
export function parseExactJson(text: string): unknown {
  if (!LONG_INTEGER.test(text)) return JSON.parse(text);
  const exact = text.replace(STRING_OR_LONG_INTEGER, (token) =>
    token.startsWith('"') || String(Number(token)) === token ? token : `"${token}"`,
  );
  return JSON.parse(exact);
}

/** A place in a text, both counted from 1; `column` counts UTF-16 units, as editors do. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/**
 * Finds where `text` stops being JSON (RFC 8259). JSON.parse says so only in prose that changes from one
 * version of V8 to the next, or not at all.
 *
 * @returns undefined when `text` is JSON
 */
export function locateSyntaxError(text: string): TextPosition | undefined {
  const offset = new SyntaxChecker(text).firstError();
  return offset === undefined ? undefined : positionOf(text, offset);
}

/** Turns an offset in `text` into a line and a column. */
export function positionOf(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset);
  const lastBreak = before.lastIndexOf('\n');
  return { line: before.split('\n').length, column: offset - lastBreak };
}

type Expected = 'value' | 'value or ]' | 'key' | 'key or }' | ':' | ', or close' | 'end';

const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const SPACE = /[ \t\n\r]*/y;

/** Iterative, so that a deep nest is no deep recursion. */
class SyntaxChecker {
  private offset = 0;
  private expected: Expected = 'value';
  private readonly open: ('{' | '[')[] = [];

  constructor(private readonly text: string) {}

  firstError(): number | undefined {
    for (;;) {
      this.skip(SPACE);
      if (this.offset >= this.text.length) return this.expected === 'end' ? undefined : this.offset;
      const start = this.offset;
      if (!this.step(this.text.charAt(start))) return Math.max(start, this.offset);
    }
  }

  /** Takes one token; false when it is not what may stand here. */
  private step(character: string): boolean {
    switch (this.expected) {
      case 'value or ]':
        return character === ']' ? this.close(character) : this.value(character);
      case 'value':
        return this.value(character);
      case 'key or }':
        return character === '}' ? this.close(character) : this.key();
      case 'key':
        return this.key();
      case ':':
        return this.punctuation(character === ':', 'value');
      case ', or close':
        if (character !== ',') return this.close(character);
        return this.punctuation(true, this.open.at(-1) === '{' ? 'key' : 'value');
      case 'end':
        return false;
    }
  }

  private value(character: string): boolean {
    if (character === '{' || character === '[') {
      this.open.push(character);
      return this.punctuation(true, character === '{' ? 'key or }' : 'value or ]');
    }
    const complete = character === '"' ? this.string() : this.skip(SCALAR);
    if (complete) this.afterValue();
    return complete;
  }

  private key(): boolean {
    const complete = this.string();
    if (complete) this.expected = ':';
    return complete;
  }

  private close(character: string): boolean {
    if (character !== (this.open.at(-1) === '{' ? '}' : ']')) return false;
    this.open.pop();
    this.offset++;
    this.afterValue();
    return true;
  }

  private punctuation(fits: boolean, next: Expected): boolean {
    if (!fits) return false;
    this.offset++;
    this.expected = next;
    return true;
  }

  private afterValue(): void {
    this.expected = this.open.length === 0 ? 'end' : ', or close';
  }

  /** Moves past a string; on failure `offset` stands at the character that doesn't belong. */
  private string(): boolean {
    if (this.text.charAt(this.offset) !== '"') return false;
    this.offset++;
    while (this.offset < this.text.length) {
      const code = this.text.charCodeAt(this.offset);
      if (code === 0x22) return this.offset++ > 0;
      if (code < 0x20) return false;
      if (code !== 0x5c) this.offset++;
      else if (!this.skip(ESCAPE)) return false;
    }
    return false;
  }

  private skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.offset;
    if (!pattern.test(this.text)) return false;
    this.offset = pattern.lastIndex;
    return true;
  }
}
