import { ArgumentError, printable } from '@ecli/core';

/** So many characters of an expression are shown on each side of where it is wrong. */
const SHOWN_BEFORE = 40;
const SHOWN_AFTER = 30;

/**
 * Makes the error for a filter that is wrong from character `position` on. Its hint shows the place with a caret
 * below it, and then `advice`.
 */
export function filterError(
  expression: string,
  position: number,
  reason: string,
  advice?: string,
  known: readonly string[] = [],
): ArgumentError {
  const begin = Math.max(0, position - SHOWN_BEFORE);
  const before = (begin > 0 ? '…' : '') + printable(expression.slice(begin, position));
  const after = printable(expression.slice(position, position + SHOWN_AFTER));
  const caret = `${' '.repeat(Array.from(before).length)}^`;
  const lines = [before + after, caret, ...(advice === undefined ? [] : [advice])];
  return new ArgumentError(`filter ${shortened(expression)}: ${reason}`, known, { hint: lines.join('\n') });
}

function shortened(expression: string): string {
  const most = SHOWN_BEFORE + SHOWN_AFTER;
  return printable(expression.length > most ? `${expression.slice(0, most)}…` : expression);
}
