import { readdir, stat } from 'node:fs/promises';
import { nearNames } from '@ecli/core';
import { isProgramName } from './media-type.ts';

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

/** `part` in `folder` (empty: the current one) where that exists, else programs it is the stem of, else near names. */
async function step(folder: string, part: string): Promise<string[]> {
  const base = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  if (await exists(`${base}${part}`)) return [`${base}${part}`];
  const names = await readdir(folder === '' ? '.' : folder).catch(() => []);
  const begun = names.filter((name) => name.startsWith(`${part}.`) && isProgramName(name)).sort();
  return (begun.length > 0 ? begun : nearNames(part, names)).map((name) => `${base}${name}`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
