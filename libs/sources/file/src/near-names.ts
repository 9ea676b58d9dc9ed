import { readdir, stat } from 'node:fs/promises';
import { distance } from 'fastest-levenshtein';

/** How many suggestions are still a help. */
const MOST = 3;

/**
 * Finds paths that exist and that `path`, which doesn't, was probably meant to be: each part that is missing
 * is replaced by near names of its folder. Nearest first, at most three.
 */
export async function nearPaths(path: string): Promise<readonly string[]> {
  const [first = '', ...rest] = path.split(/\/+/);
  let found = first === '' ? ['/'] : await step('', first);
  for (const part of rest) {
    const next = await Promise.all(found.map((folder) => step(folder, part)));
    found = next.flat().slice(0, MOST);
  }
  return found;
}

/** `part` in `folder` (empty: the current one) where that exists, else the names near to it. */
async function step(folder: string, part: string): Promise<string[]> {
  const base = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  if (await exists(`${base}${part}`)) return [`${base}${part}`];
  const names = await readdir(folder === '' ? '.' : folder).catch(() => []);
  return nearest(part, names).map((name) => `${base}${name}`);
}

/** The names within a third of `wanted`'s length in edits, case aside; nearest first. */
function nearest(wanted: string, names: readonly string[]): readonly string[] {
  const limit = Math.max(1, Math.ceil(wanted.length / 3));
  return names
    .map((name) => ({ name, edits: distance(wanted.toLowerCase(), name.toLowerCase()) }))
    .filter(({ edits }) => edits <= limit)
    .sort((a, b) => a.edits - b.edits || a.name.localeCompare(b.name))
    .slice(0, MOST)
    .map(({ name }) => name);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
