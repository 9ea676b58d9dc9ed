import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * Opens `$XDG_CACHE_HOME/ecli/NAME`, for this user alone. What lies there is run later, perhaps by root, so
 * a folder that belongs to somebody else or that others may write to is not used.
 *
 * @returns undefined when there is no such folder to be had: do without a cache
 */
export function openCacheFolder(name: string): string | undefined {
  const base = process.env['XDG_CACHE_HOME'];
  try {
    // A user without an entry in passwd(5) and without HOME has no home folder: homedir throws.
    const caches = base?.startsWith('/') ? base : join(homedir(), '.cache');
    const folder = join(caches, 'ecli', name);
    for (const each of [caches, join(caches, 'ecli'), folder]) makeFolder(each, 0o700);
    const { uid, mode } = statSync(folder);
    return uid === process.geteuid?.() && (mode & 0o022) === 0 ? folder : undefined;
  } catch {
    return undefined; // a read-only or missing home is no reason not to run
  }
}

/**
 * Makes a folder and those above it. Not mkdirSync's own recursion, which does not end in a file system such as
 * /proc where nothing can be made.
 */
export function makeFolders(path: string): void {
  const parent = dirname(path);
  if (parent !== path && !existsSync(parent)) makeFolders(parent);
  makeFolder(path);
}

function makeFolder(path: string, mode?: number): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
}

/** Writes a file so that others see it whole or not at all, whoever else writes it at the same time. */
export function writeAtomically(path: string, content: string | Uint8Array): void {
  const temporary = temporaryFor(path);
  try {
    writeFileSync(temporary, content, { flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** A new name in the same folder, from which a rename to `path` is one step. */
export function temporaryFor(path: string): string {
  return `${path}.${randomBytes(6).toString('hex')}.tmp`;
}
