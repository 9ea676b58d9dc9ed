import { statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { EcliError, printable } from '@ecli/core';
import { cacheFailure } from './cache-error.ts';

/**
 * The folder of the cache: `$XDG_CACHE_HOME/ecli/oci`, else `~/.cache/ecli/oci`. It need not exist.
 *
 * @throws CACHE_FAILED for a user who has no home folder, and for a folder that others may write to
 */
export function cacheFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const caches = environment['XDG_CACHE_HOME'] ?? '';
  // As the XDG base directory specification has it, a relative path is none.
  const base = isAbsolute(caches) ? caches : join(homeOf(environment), '.cache');
  const folder = join(base, 'ecli', 'oci');
  refuseOthers(folder);
  return folder;
}

/** What lies there is run later, perhaps by root, and by its name: nobody else may say what that is. */
function refuseOthers(folder: string): void {
  const stats = statIfThere(folder);
  if (!stats) return;
  const isOwn = process.geteuid === undefined || stats.uid === process.geteuid();
  if (isOwn && (stats.mode & 0o022) === 0) return;
  const problem = isOwn ? 'others may write to it' : 'it belongs to another user';
  throw new EcliError('CACHE_FAILED', `${printable(folder)}: not used as a cache, for ${problem}`, {
    hint: isOwn ? `chmod 700 ${printable(folder)}` : 'set XDG_CACHE_HOME to a folder of your own',
  });
}

function statIfThere(folder: string): { readonly uid: number; readonly mode: number } | undefined {
  try {
    return statSync(folder, { throwIfNoEntry: false });
  } catch (error) {
    throw cacheFailure(folder, error);
  }
}

function homeOf({ HOME: home = '' }: Readonly<Record<string, string | undefined>>): string {
  if (isAbsolute(home)) return home;
  try {
    const entry = homedir();
    if (isAbsolute(entry)) return entry;
  } catch {
    // homedir throws for a user without an entry in passwd(5).
  }
  throw new EcliError('CACHE_FAILED', 'the cache: there is no home folder to keep it in', {
    hint: 'set XDG_CACHE_HOME to a folder that you may write to',
  });
}
