import type { TextTest } from './condition.ts';

const IGNORE_CASE = '(?i)';

/**
 * Makes the test of a regular expression, as JavaScript's; `(?i)` at its beginning ignores case. Most look for a
 * literal at the beginning, at the end or anywhere, which needs no expression.
 *
 * @throws SyntaxError
 */
export function textTestOf(pattern: string): TextTest {
  const ignoresCase = pattern.startsWith(IGNORE_CASE);
  const source = ignoresCase ? pattern.slice(IGNORE_CASE.length) : pattern;
  const [, begin, escaped, end] = asLiteral(source) ?? [];
  if (escaped === undefined || ignoresCase || !isPlain(escaped)) {
    return { kind: 'matches', pattern: new RegExp(source, ignoresCase ? 'i' : '') };
  }
  const bytes = Buffer.from(escaped.replace(/\\([^])/gu, '$1'));
  if (begin !== '' && end !== '') return { kind: 'equals', bytes };
  return { kind: begin === '' ? (end === '' ? 'contains' : 'ends') : 'begins', bytes };
}

/** Matches what has no character that means something else than itself, but for an anchor at either end. */
function asLiteral(source: string): RegExpExecArray | null {
  // Not a constant, as in scanner.ts.
  return /^(\^?)((?:[^\\^$.*+?()[\]{}|]|\\[^\p{L}\p{N}])*)(\$?)$/u.exec(source);
}

/** Whether the bytes of `text` stand for nothing else; bytes that are no UTF-8 all show as U+FFFD. */
function isPlain(text: string): boolean {
  return !/[\p{Surrogate}\ufffd\0]/u.test(text);
}
