import { printable } from './printable.ts';

const LISTED_NAMES = 20;

/** Names for a message, safe for a terminal; the end of a long list is only counted. */
export function listed(names: readonly string[]): string {
  const some = names.slice(0, LISTED_NAMES).map(printable).join(', ');
  return names.length > LISTED_NAMES ? `${some} and ${names.length - LISTED_NAMES} more` : some;
}
