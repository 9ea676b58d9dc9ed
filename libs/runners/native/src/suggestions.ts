import { printable } from '@ecli/core';
import { distance } from 'fastest-levenshtein';

const LISTED_NAMES = 20;
/** Comparing costs the product of both lengths; nobody mistypes names longer than this. */
const COMPARED_LENGTH = 100;

/** Names for a message, safe for a terminal; the end of a long list is only counted. */
export function listed(names: readonly string[]): string {
  const some = names.slice(0, LISTED_NAMES).map(printable).join(', ');
  return names.length > LISTED_NAMES ? `${some} and ${names.length - LISTED_NAMES} more` : some;
}

/** The candidate that `word` was most likely meant to be; undefined when none is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const compared = word.slice(0, COMPARED_LENGTH).toLowerCase();
  const tolerated = Math.max(1, Math.ceil(compared.length / 3));
  let best: { candidate: string; edits: number } | undefined;
  for (const candidate of candidates) {
    const edits = distance(compared, candidate.slice(0, COMPARED_LENGTH).toLowerCase());
    if (edits <= tolerated && edits < (best?.edits ?? Infinity)) best = { candidate, edits };
  }
  return best?.candidate;
}
