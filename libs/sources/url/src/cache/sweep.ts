import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DRAFT_PREFIX, remove } from './cache-files.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long what is never used stays. */
const LIFETIMES_MS = { blobs: 90 * DAY_MS, entries: 90 * DAY_MS, partial: 7 * DAY_MS } as const;

interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  readonly usedMs: number;
}

/**
 * Removes what nobody has used for long, and then what is longest unused until no more than `mostBytes` are left.
 * Files that other processes have just written are the last to go, and what goes too early is only fetched again.
 */
export async function sweep(folder: string, mostBytes: number, now = Date.now()): Promise<void> {
  const files: StoredFile[] = [];
  for (const part of ['blobs', 'entries', 'partial'] as const) {
    for (const file of await filesOf(join(folder, part))) {
      const isDraft = file.path.includes(`/${DRAFT_PREFIX}`);
      const lifetimeMs = isDraft ? HOUR_MS : LIFETIMES_MS[part];
      if (now - file.usedMs > lifetimeMs) await remove(file.path);
      else if (!isDraft) files.push(file);
    }
  }
  await shrink(files, mostBytes);
}

async function shrink(files: readonly StoredFile[], mostBytes: number): Promise<void> {
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of files.toSorted((one, other) => one.usedMs - other.usedMs)) {
    if (bytes <= mostBytes) return;
    await remove(file.path);
    bytes -= file.bytes;
  }
}

async function filesOf(folder: string): Promise<StoredFile[]> {
  const names = await readdir(folder);
  const files = await Promise.all(names.map((name) => storedFile(join(folder, name))));
  return files.filter((file) => file !== undefined);
}

/** Undefined where another process has removed it. */
async function storedFile(path: string): Promise<StoredFile | undefined> {
  const stats = await stat(path).catch(() => undefined);
  return stats?.isFile() ? { path, bytes: stats.size, usedMs: stats.mtimeMs } : undefined;
}
