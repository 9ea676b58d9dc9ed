import { distance } from 'fastest-levenshtein';

/** More suggestions than this are no help. */
const MOST = 3;
/** Comparing costs the product of both lengths; nobody mistypes names longer than this. */
const COMPARED_LENGTH = 100;

/**
 * Finds the names that `wanted` was probably meant to be: those that differ from it in at most a third of its
 * letters (and may in one), case aside. At most three, nearest first, and in alphabetical order where equally near.
 */
export function nearNames<Name extends string>(wanted: string, names: Iterable<Name>): Name[] {
  const compared = comparable(wanted);
  const tolerated = Math.max(1, Math.ceil(compared.length / 3));
  return Array.from(names, (name) => ({ name, edits: distance(compared, comparable(name)) }))
    .filter(({ edits }) => edits <= tolerated)
    .sort((a, b) => a.edits - b.edits || (a.name < b.name ? -1 : 1))
    .slice(0, MOST)
    .map(({ name }) => name);
}

function comparable(name: string): string {
  return name.slice(0, COMPARED_LENGTH).toLowerCase();
}
