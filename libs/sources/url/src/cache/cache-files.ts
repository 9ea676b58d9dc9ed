import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Files that are being written; a process that is killed leaves one behind. */
export const DRAFT_PREFIX = '.draft-';

/** Reads a file; undefined where there is none. One larger than anything that was put there counts as empty. */
export async function readIfThere(path: string, limitBytes: number): Promise<Uint8Array | undefined> {
  try {
    if ((await stat(path)).size > limitBytes) return new Uint8Array();
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a file so that others see it whole or not at all, whenever this process ends. */
export async function writeAtomically(path: string, ...parts: readonly Uint8Array[]): Promise<void> {
  const draft = join(dirname(path), `${DRAFT_PREFIX}${basename(path)}.${randomBytes(6).toString('hex')}`);
  try {
    const handle = await open(draft, 'wx', 0o600);
    try {
      for (const part of parts) await handle.writeFile(part);
    } finally {
      await handle.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

/** Marks a file as just used, for those that are longest unused go first. */
export async function touch(path: string): Promise<void> {
  const now = new Date();
  // Another process may have removed it, and who may only read has to live with its age.
  await utimes(path, now, now).catch(() => undefined);
}

export async function remove(path: string): Promise<void> {
  await rm(path, { force: true }).catch(() => undefined);
}
