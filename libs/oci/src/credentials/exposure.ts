import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';

const READABLE_BY_OTHERS = 0o004;
const PASSABLE_BY_OTHERS = 0o001;

/** Tells whether every user of this machine can read the file: it, and each folder on the way to it, lets them. */
export async function isReadableByOthers(path: string): Promise<boolean> {
  if (!(await allows(path, READABLE_BY_OTHERS))) return false;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (!(await allows(folder, PASSABLE_BY_OTHERS))) return false;
    if (folder === dirname(folder)) return true;
  }
}

async function allows(path: string, bit: number): Promise<boolean> {
  try {
    const { mode } = await stat(path);
    return (mode & bit) !== 0;
  } catch {
    return false; // it has gone meanwhile
  }
}
