import { lstatSync, lutimesSync, readlinkSync, symlinkSync, unlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { errnoOf } from './cache-error.ts';
import { livenessOf, ownIdentity, parseIdentity, spellIdentity, uniqueToken } from './process-identity.ts';

/** A lock that this process holds until it is released. */
export interface Lock {
  release(): void;
}

/** Who holds a lock, as its link says. */
export interface LockHolder {
  /** The link's text: the process, and a token of this one holding. */
  readonly text: string;
  readonly pid: number | undefined;
  /** When the holder last said that it still works on it. */
  readonly touchedAtMs: number;
}

/** How often a holder says that it still works on it. */
const TOUCH_INTERVAL_MS = 5_000;
/** After this long without a word, a holder that can't be seen is taken for dead, and one that can be for stuck. */
export const SILENCE_MS = 30_000;

/**
 * Takes the lock at `path`, or returns who holds it.
 *
 * A lock is a symbolic link whose text names the holder: it is made and named in one step, so that there is no
 * moment at which a killed process leaves a lock that says nothing, and node has no flock(2).
 *
 * A dead holder's lock is broken. Two that find it dead must not both: the second would break the lock that the
 * first has taken meanwhile. So who breaks it holds a lock named after the dead one, under which he looks again;
 * once broken, it never comes back, for each holding has a token of its own.
 */
export function tryLock(path: string): Lock | LockHolder {
  const text = `${spellIdentity(ownIdentity())}.${uniqueToken()}`;
  for (;;) {
    if (makeLink(text, path)) return hold(path, text);
    const holder = holderOf(path);
    if (holder && !(isDead(holder) && breakLock(path, holder))) return holder;
  }
}

export function isHeld(lock: Lock | LockHolder): lock is Lock {
  return 'release' in lock;
}

/** Tells whether the holder has been silent for so long that something must have stopped it. */
export function isSilent({ touchedAtMs }: LockHolder): boolean {
  return Math.abs(Date.now() - touchedAtMs) > SILENCE_MS;
}

/** Waits until the lock at `path` can be tried again. Rejects with the signal's reason. */
export async function pauseForLock(attempt: number, signal?: AbortSignal): Promise<void> {
  // Apart from each other, so that those who wait don't all come at once.
  const longest = Math.min(50, 2 ** Math.min(attempt, 6));
  await pause(1 + Math.random() * longest, undefined, signal && { signal }).catch((error: unknown) => {
    signal?.throwIfAborted();
    throw error;
  });
}

/**
 * Tells whether the process is dead that a lock's text or a file's name begins with. One that can't be seen from
 * here counts as dead after it has been silent for `silenceMs`.
 */
export function isOfDeadProcess(text: string, touchedAtMs: number, silenceMs = SILENCE_MS): boolean {
  const identity = parseIdentity(text.split('.', 1)[0] ?? '');
  const liveness = identity ? livenessOf(identity) : 'unknown';
  return liveness === 'dead' || (liveness === 'unknown' && Math.abs(Date.now() - touchedAtMs) > silenceMs);
}

function hold(path: string, text: string): Lock {
  const touching = setInterval(() => touch(path), TOUCH_INTERVAL_MS).unref();
  return {
    release() {
      clearInterval(touching);
      // Not another's, that was taken after this one had been broken.
      if (holderOf(path)?.text === text) removeLink(path);
    },
  };
}

function isDead({ text, touchedAtMs }: LockHolder): boolean {
  return isOfDeadProcess(text, touchedAtMs);
}

/** Returns false when somebody else is at it. */
function breakLock(path: string, { text }: LockHolder): boolean {
  const token = text.split('.')[1] ?? 'nameless';
  const breaking = tryLock(`${path}.${token}`);
  if (!isHeld(breaking)) return false;
  try {
    if (holderOf(path)?.text === text) removeLink(path);
    return true;
  } finally {
    breaking.release();
  }
}

function makeLink(text: string, path: string): boolean {
  try {
    symlinkSync(text, path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** Undefined when nobody holds it any more. */
function holderOf(path: string): LockHolder | undefined {
  try {
    const { mtimeMs } = lstatSync(path);
    const text = readText(path);
    return { text, pid: parseIdentity(text.split('.', 1)[0] ?? '')?.pid, touchedAtMs: mtimeMs };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Something else than a link says nothing. */
function readText(path: string): string {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (errnoOf(error) === 'EINVAL') return '';
    throw error;
  }
}

function removeLink(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

function touch(path: string): void {
  const now = new Date();
  try {
    lutimesSync(path, now, now);
  } catch {
    // Broken by somebody to whom this process can't be seen; its work is none the worse for it.
  }
}
