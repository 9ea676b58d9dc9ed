import { chown, lstat, open, readdir, readlink, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { EcliError, printable, systemReason } from '@ecli/core';
import { isHeld, type Lock, pauseForLock, tryLock } from '../layout/lock.ts';
import { makeFolders } from '../layout/make-folders.ts';
import { uniqueToken } from '../layout/process-identity.ts';
import { type ConfigFile, parseConfig, readConfigFile } from './config-file.ts';

/** How long another login is waited for. */
const PATIENCE_MS = 15_000;
/** More links than that lead in a circle: MAXSYMLINKS of path_resolution(7). */
const MOST_LINKS = 40;

/**
 * Changes the text of a configuration file, of an empty one where there is none, while no other ecli does. `change`
 * returns undefined where nothing is to be done. Whoever reads the file meanwhile, and whoever is left after a kill,
 * has it as it was or as it will be. It is for its owner alone from then on; a symbolic link to it stays one.
 *
 * @returns whether it was changed
 * @throws SETTINGS_INVALID, PERMISSION_DENIED
 */
export async function updateConfig(
  path: string,
  change: (config: ConfigFile) => string | undefined,
): Promise<boolean> {
  try {
    const target = await followLinks(path);
    makeFolders(dirname(target), 0o700);
    return await updateLocked(target, change);
  } catch (error) {
    throw failure(path, error);
  }
}

async function updateLocked(
  path: string,
  change: (config: ConfigFile) => string | undefined,
): Promise<boolean> {
  const lock = await takeLock(join(dirname(path), `${temporaryPrefix(path)}lock`), path);
  try {
    const config = (await readConfigFile(path)) ?? (await parseConfig(new Uint8Array(), path));
    const text = change(config);
    if (text === undefined || text === config.text) return false;
    await removeLeftovers(path);
    await replace(path, text);
    return true;
  } finally {
    lock.release();
  }
}

/** Also of a link that leads to where nothing is yet: there the file is made. */
async function followLinks(path: string): Promise<string> {
  let target = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const isLink = await lstat(target).then(
      (stats) => stats.isSymbolicLink(),
      () => false,
    );
    if (!isLink) return target;
    target = resolve(dirname(target), await readlink(target));
  }
  throw new EcliError('SETTINGS_INVALID', `${printable(path)}: symbolic links in a circle`);
}

async function takeLock(lockPath: string, path: string): Promise<Lock> {
  const end = Date.now() + PATIENCE_MS;
  for (let attempt = 0; ; attempt++) {
    const lock = tryLock(lockPath);
    if (isHeld(lock)) return lock;
    if (Date.now() > end) {
      const holder = lock.pid === undefined ? 'another process' : `process ${lock.pid}`;
      throw new EcliError(
        'SETTINGS_INVALID',
        `${printable(path)}: ${holder} is changing it, and doesn't end`,
        {
          hint: `if that can't be, remove ${printable(lockPath)}`,
        },
      );
    }
    await pauseForLock(attempt);
  }
}

/** What a process that was killed half-way has left: nobody else writes such files while we hold the lock. */
async function removeLeftovers(path: string): Promise<void> {
  const prefix = `${temporaryPrefix(path)}new-`;
  const names = (await readdir(dirname(path))).filter((name) => name.startsWith(prefix));
  await Promise.all(names.map((name) => rm(join(dirname(path), name), { force: true })));
}

async function replace(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `${temporaryPrefix(path)}new-${uniqueToken()}`);
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await giveToOwner(temporary, path);
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** What root changes for a user stays the user's: of the file, or of the folder that it is made in. */
async function giveToOwner(temporary: string, path: string): Promise<void> {
  if (process.geteuid?.() !== 0) return;
  const { uid, gid } = await stat(path).catch(() => stat(dirname(path)));
  if (uid !== 0) await chown(temporary, uid, gid);
}

/** A rename is on the disk once its folder is; file systems that can't do this have nothing to do. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

function temporaryPrefix(path: string): string {
  return `.${basename(path)}.ecli-`;
}

const HINTS: Readonly<Record<string, string>> = {
  EROFS: 'DOCKER_CONFIG=FOLDER names another place',
  EACCES: 'DOCKER_CONFIG=FOLDER names another place',
  EPERM: 'DOCKER_CONFIG=FOLDER names another place',
  EBUSY: 'a file that is mounted by itself, as into a container, has to be changed where it comes from',
};

function failure(path: string, error: unknown): EcliError {
  if (error instanceof EcliError) return error;
  const { code = 'unknown' } = error as NodeJS.ErrnoException;
  const hint = HINTS[code];
  const isDenied = code === 'EACCES' || code === 'EPERM' || code === 'EROFS';
  return new EcliError(
    isDenied ? 'PERMISSION_DENIED' : 'SETTINGS_INVALID',
    `${printable(path)}: can't be written: ${systemReason(error)}`,
    { cause: error, ...(hint !== undefined && { hint }) },
  );
}
