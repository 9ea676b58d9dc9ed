import { ArgumentError, nearNames, printable, type AttachTarget } from '@ecli/core';

/** setTimeout counts milliseconds in 31 bits. */
const LONGEST_TIMEOUT_S = 2_147_483;

/**
 * Returns the one of `words` that `text` is; `noun` is what one of them is called.
 *
 * @throws ARGUMENT_INVALID naming the nearest word, for any other text
 */
export function parseWord<Word extends string>(
  flag: string,
  text: string,
  words: readonly Word[],
  noun: string,
): Word {
  const word = words.find((candidate) => candidate === text);
  if (word !== undefined) return word;
  const [near] = nearNames(text, words);
  throw new ArgumentError(`${flag} ${printable(text)}: no such ${noun}`, words, {
    hint: near ? `did you mean ${near}?` : `${noun}s: ${words.join(', ')}`,
  });
}

/** @throws ARGUMENT_INVALID for a text without a character */
export function notEmpty(flag: string, text: string): string {
  if (text !== '') return text;
  throw new ArgumentError(`${flag}: its value is empty`, []);
}

/** Reads `a,b.c`. @throws ARGUMENT_INVALID where a name is empty */
export function parseNames(flag: string, text: string): readonly string[] {
  const names = notEmpty(flag, text)
    .split(',')
    .map((name) => name.trim());
  if (!names.includes('')) return names;
  throw new ArgumentError(`${flag} ${printable(text)}: an empty name`, [], {
    hint: `names with commas between them: ${flag} pid,comm`,
  });
}

/** Reads `PROG=TARGET`; a target may have `=` in it. @throws ARGUMENT_INVALID where one of the two is missing */
export function parseAttachTarget(flag: string, text: string): AttachTarget {
  const { program, target } = /^(?<program>[^=]+)=(?<target>.+)$/s.exec(text)?.groups ?? {};
  if (program !== undefined && target !== undefined) return { program, target };
  throw new ArgumentError(`${flag} ${printable(text)}: not a program and its target`, [], {
    hint: `the program's name, =, and where it is attached: ${flag} on_packet=eth0`,
  });
}

/** Reads seconds and returns milliseconds. @throws ARGUMENT_INVALID for what can't be waited */
export function parseTimeout(flag: string, text: string): number {
  const seconds = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (seconds > 0 && seconds <= LONGEST_TIMEOUT_S) return seconds * 1000;
  throw new ArgumentError(`${flag} ${printable(text)}: not a number of seconds that can be waited`, [], {
    hint: `more than 0, at most ${LONGEST_TIMEOUT_S} (24 days), fractions too: ${flag} 2.5`,
  });
}

/** Reads a whole number above 0 of `what`. @throws ARGUMENT_INVALID for any other text */
export function parseCount(flag: string, text: string, what: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (count > 0 && Number.isSafeInteger(count)) return count;
  throw new ArgumentError(`${flag} ${printable(text)}: not a number of ${what}`, [], {
    hint: 'a whole number, 1 or more',
  });
}
