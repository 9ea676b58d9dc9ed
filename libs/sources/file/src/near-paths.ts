import { readdir, stat } from 'node:fs/promises';
import { nearNames } from '@ecli/core';
import { isProgramName } from './program-name.ts';

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

/** `part` in `folder` (empty: the current one) where that exists, else else names that it may mean. */
async function step(folder: string, part: string): Promise<string[]> {
  const base = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  if (await exists(`${base}${part}`)) return [`${base}${part}`];
  const names = await readdir(folder === '' ? '.' : folder).catch(() => []);
  return likelyNames(part, names).map((name) => `${base}${name}`);
}

/** Of a folder's names, those of programs that `wanted` is the stem of, else near ones, else those of near stems. */
export function likelyNames(wanted: string, names: readonly string[]): string[] {
  const programs = names.filter(isProgramName).sort();
  const begun = programs.filter((name) => name.startsWith(`${wanted}.`));
  if (begun.length > 0) return begun;
  const near = nearNames(wanted, names);
  if (near.length > 0) return near;
  const stems = nearNames(wanted, new Set(programs.map(stemOf)));
  return programs.filter((name) => stems.includes(stemOf(name)));
}

/** `opens` of `opens.bpf.c`; a hidden file's first dot is its name's. */
function stemOf(name: string): string {
  return name.replace(/(?<=.)\..*$/, '');
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
