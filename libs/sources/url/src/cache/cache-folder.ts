import { existsSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { EcliError, printable, systemReason } from '@ecli/core';

/**
 * Makes `$XDG_CACHE_HOME/ecli/url`, else `~/.cache/ecli/url`, for this user alone.
 *
 * @throws CACHE_FAILED where that can't be, and for a folder that others may write to
 */
export async function makeCacheFolder(
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const folder = join(cachesOf(environment), 'ecli', 'url');
  try {
    for (const part of ['blobs', 'entries', 'partial']) await makeFolders(join(folder, part));
    await refuseOthers(folder);
    return folder;
  } catch (error) {
    throw cacheFailure(folder, error);
  }
}

/**
 * Makes a folder and those above it. Not mkdir's own recursion, which does not end in a file system such as /proc
 * where nothing can be made.
 */
async function makeFolders(path: string): Promise<void> {
  const parent = dirname(path);
  if (parent !== path && !existsSync(parent)) await makeFolders(parent);
  try {
    await mkdir(path, 0o700);
  } catch (error) {
    if (!existsSync(path) || !(await stat(path)).isDirectory()) throw error;
  }
}

/** What lies there is run later, perhaps by root, and by its name: nobody else may say what that is. */
async function refuseOthers(folder: string): Promise<void> {
  const { uid, mode } = await stat(folder);
  const isOwn = process.geteuid === undefined || uid === process.geteuid();
  if (isOwn && (mode & 0o022) === 0) return;
  const problem = isOwn ? 'others may write to it' : 'it belongs to another user';
  throw new EcliError('CACHE_FAILED', `${printable(folder)}: not used as a cache, for ${problem}`);
}

/** As the XDG base directory specification has it, a relative path is none. */
function cachesOf({
  XDG_CACHE_HOME: caches = '',
  HOME: home = '',
}: Readonly<Record<string, string | undefined>>): string {
  if (isAbsolute(caches)) return caches;
  return join(isAbsolute(home) ? home : homeOfUser(), '.cache');
}

function homeOfUser(): string {
  try {
    return homedir();
  } catch (cause) {
    // For a user without an entry in passwd(5).
    throw new EcliError('CACHE_FAILED', 'the cache: there is no home folder to keep it in', { cause });
  }
}

/** Says that the cache's files can't be read or written; an EcliError is returned as it is. */
export function cacheFailure(path: string, error: unknown): EcliError {
  if (error instanceof EcliError) return error;
  return new EcliError(
    'CACHE_FAILED',
    `${printable(path)}: can't be used: ${printable(systemReason(error))}`,
    {
      cause: error,
    },
  );
}
