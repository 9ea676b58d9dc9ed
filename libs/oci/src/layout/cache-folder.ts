import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { EcliError } from '@ecli/core';

/**
 * The folder of the cache: `$XDG_CACHE_HOME/ecli/oci`, else `~/.cache/ecli/oci`. It need not exist.
 *
 * @throws CACHE_FAILED for a user who has no home folder
 */
export function cacheFolder(environment: Readonly<Record<string, string | undefined>>): string {
  const caches = environment['XDG_CACHE_HOME'] ?? '';
  // As the XDG base directory specification has it, a relative path is none.
  const base = isAbsolute(caches) ? caches : join(homeOf(environment), '.cache');
  return join(base, 'ecli', 'oci');
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
