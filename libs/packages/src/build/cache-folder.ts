import { randomBytes } from 'node:crypto';
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Opens `$XDG_CACHE_HOME/ecli/NAME`, for this user alone. What lies there is run later, perhaps by root, so
 * a folder that belongs to somebody else or that others may write to is not used.
 *
 * @returns undefined when there is no such folder to be had: do without a cache
 */
export function openCacheFolder(name: string): string | undefined {
  const base = process.env['XDG_CACHE_HOME'];
  const caches = base?.startsWith('/') ? base : join(homedir(), '.cache');
  const folder = join(caches, 'ecli', name);
  try {
    for (const each of [caches, join(caches, 'ecli'), folder]) makePrivateFolder(each);
    const { uid, mode } = statSync(folder);
    return uid === process.geteuid?.() && (mode & 0o022) === 0 ? folder : undefined;
  } catch {
    return undefined; // a read-only or missing home is no reason not to run
  }
}

/** Not mkdir's own recursion, which does not end in a file system such as /proc where nothing can be made. */
function makePrivateFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
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
