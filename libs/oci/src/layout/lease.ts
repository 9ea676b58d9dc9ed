import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isHeld, isOfDeadProcess, tryLock } from './lock.ts';
import { ownIdentity, spellIdentity, uniqueToken } from './process-identity.ts';

/**
 * Says that a process puts content into a layout: what it writes, or finds there, is not named by the index until
 * it has all of it, and must not be removed meanwhile. A lease holds until it is given up or its process ends.
 */
const SUFFIX = '.lease';

/** A clock of the file system may be behind, and of some be coarse. */
const SLACK_MS = 2_000;

/** A file is touched when its content grows, and a lease never; longer than this no download takes. */
const SILENCE_MS = 6 * 3_600_000;

/** Takes a lease for this process, and returns where it lies; must be called under the index's lock. */
export function takeLease(ingestFolder: string): string {
  const path = join(ingestFolder, `${spellIdentity(ownIdentity())}.${uniqueToken()}${SUFFIX}`);
  writeFileSync(path, '', { flag: 'wx' });
  return path;
}

export function giveUpLease(path: string): void {
  rmSync(path, { force: true });
}

/** Blobs that are as old as this, or younger, may be wanted by a process that runs; undefined when there is none. */
export function oldestLeaseMs(ingestFolder: string): number | undefined {
  const times = readdirSync(ingestFolder)
    .filter((name) => name.endsWith(SUFFIX))
    .flatMap((name) => {
      const mtimeMs = mtimeOf(join(ingestFolder, name));
      return mtimeMs === undefined || isOfDeadProcess(name, mtimeMs, SILENCE_MS) ? [] : [mtimeMs - SLACK_MS];
    });
  return times.length === 0 ? undefined : Math.min(...times);
}

/** Removes what processes have left in a layout that ended before their time: drafts, leases and locks. */
export function removeLeftovers(folder: string): void {
  const ingestFolder = join(folder, 'ingest');
  for (const name of readdirSync(ingestFolder)) {
    const path = join(ingestFolder, name);
    const mtimeMs = mtimeOf(path);
    if (mtimeMs === undefined || !isOfDeadProcess(name, mtimeMs, SILENCE_MS)) continue;
    rmSync(path, { force: true, recursive: true });
  }
  const locksFolder = join(folder, 'locks');
  for (const name of readdirSync(locksFolder)) {
    // Taking a dead one's lock breaks it.
    const lock = tryLock(join(locksFolder, name));
    if (isHeld(lock)) lock.release();
  }
}

function mtimeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
