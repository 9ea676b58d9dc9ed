/** A piece of C source; white space is passed over. */
export interface Token {
  readonly kind: 'identifier' | 'literal' | 'number' | 'punctuator' | 'comment' | 'directive';
  /** As written, without line continuations. A directive is its whole line. */
  readonly text: string;
  /** Line of its first and of its last character, from 1. */
  readonly line: number;
  readonly endLine: number;
  /** True when nothing but white space and comments stands before it on its line. */
  readonly startsLine: boolean;
}

/**
 * Splits C source into preprocessing tokens (C17 5.1.1.2 and 6.4): lines are spliced, then comments, strings
 * and directives are told apart. Takes any text: what ends in the middle of a token is that token.
 */
export function* scanTokens(source: string): Generator<Token> {
  const { text, lineAt } = spliceLines(source);
  let startsLine = true;
  for (let offset = 0; offset < text.length;) {
    const { kind, length } = measure(text, offset, startsLine);
    const end = offset + length;
    if (kind === 'newline') startsLine = true;
    else if (kind !== 'space') {
      const token = text.slice(offset, end);
      yield { kind, text: token, line: lineAt(offset), endLine: lineAt(end - 1), startsLine };
      startsLine &&= kind === 'comment';
    }
    offset = end;
  }
}

interface Lexeme {
  readonly kind: Token['kind'] | 'space' | 'newline';
  readonly length: number;
}

/** In order of precedence; the last takes any character. Named after the kinds of Token. */
const LEXEME = new RegExp(
  [
    /(?<newline>\n)/,
    /(?<space>[^\S\n]+)/,
    /(?<comment>\/\/[^\n]*|\/\*[^]*?(?:\*\/|$))/,
    /(?<literal>"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?)/,
    /(?<identifier>[\p{ID_Start}_$][\p{ID_Continue}$]*)/u,
    /(?<number>\.?\d[\w.]*)/,
    /(?<punctuator>[^])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'uy',
);

function measure(text: string, offset: number, startsLine: boolean): Lexeme {
  if (startsLine && text[offset] === '#') return { kind: 'directive', length: directiveLength(text, offset) };
  return lexemeAt(text, offset);
}

/** A directive ends with its line; a comment inside it may go on over several. */
function directiveLength(text: string, start: number): number {
  let offset = start;
  while (offset < text.length) {
    const { kind, length } = lexemeAt(text, offset);
    if (kind === 'newline') break;
    offset += length;
  }
  return offset - start;
}

function lexemeAt(text: string, offset: number): Lexeme {
  LEXEME.lastIndex = offset;
  const groups = Object.entries(LEXEME.exec(text)?.groups ?? {}) as [Lexeme['kind'], string | undefined][];
  for (const [kind, match] of groups) {
    if (match !== undefined) return { kind, length: match.length };
  }
  return { kind: 'punctuator', length: 1 };
}

interface SplicedText {
  readonly text: string;
  /** The line, in the source, of an offset in `text`. */
  readonly lineAt: (offset: number) => number;
}

const CONTINUATION = /\\[^\S\n]*\n/g;

function spliceLines(source: string): SplicedText {
  const splices: number[] = [];
  let removed = 0;
  const unix = source.replace(/\r\n?/g, '\n');
  const text = unix.replace(CONTINUATION, (match, at: number) => {
    splices.push(at - removed);
    removed += match.length;
    return '';
  });
  const breaks = [...text.matchAll(/\n/g)].map(({ index }) => index);
  return { text, lineAt: (offset) => 1 + countBelow(breaks, offset) + countUpTo(splices, offset) };
}

/** How many of the ascending `values` are less than `limit`. */
function countBelow(values: readonly number[], limit: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? Infinity) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function countUpTo(values: readonly number[], limit: number): number {
  return countBelow(values, limit + 1);
}
