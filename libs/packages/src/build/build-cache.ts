import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { release, version } from 'node:os';
import { join } from 'node:path';
import { openCacheFolder, writeAtomically } from './cache-folder.ts';

/** Changes when what an entry holds, or how sources are compiled, does. */
const FORMAT = 2;

/** Entries kept; the oldest go first. */
const MOST_ENTRIES = 200;

interface Entry {
  readonly inputs: readonly Input[];
  readonly value: unknown;
}

/** A file that went into a value. It is the same as long as both or the digest say so. */
interface Input {
  readonly path: string;
  /** Inode, size, and the times of its last changes in nanoseconds. */
  readonly stamp: string;
  readonly digest: string;
}

/**
 * Keeps what was made of files until one of them changes. Made for a hit to cost a few stat calls. Safe
 * with any number of processes: entries are replaced whole, and one that can't be read counts as none.
 */
export class BuildCache {
  private constructor(private readonly folder: string) {}

  /** Opens the user's cache; undefined where there is none to be had. */
  static open(): BuildCache | undefined {
    const folder = openCacheFolder('build');
    return folder === undefined ? undefined : new BuildCache(folder);
  }

  /** The value made from `ingredients`; undefined when there is none, or a file that went into it is another now. */
  get(ingredients: readonly string[]): unknown {
    const entry = this.read(ingredients);
    return entry?.inputs.every(isUnchanged) ? entry.value : undefined;
  }

  /**
   * Keeps a value made from `ingredients` and from the files at `paths`. When a file has changed since
   * `startedMs`, it may not be what went in, and nothing is kept.
   */
  set(ingredients: readonly string[], paths: readonly string[], startedMs: number, value: unknown): void {
    if (paths.some((path) => statSync(path).mtimeMs >= startedMs)) return;
    const inputs = paths.map((path) => ({
      path,
      stamp: stampOf(path),
      digest: digest([readFileSync(path)]),
    }));
    const entry: Entry = { inputs, value };
    writeAtomically(this.pathOf(ingredients), JSON.stringify(entry));
    this.prune();
  }

  private read(ingredients: readonly string[]): Entry | undefined {
    try {
      const entry = JSON.parse(readFileSync(this.pathOf(ingredients), 'utf8')) as Partial<Entry> | null;
      return Array.isArray(entry?.inputs) ? (entry as Entry) : undefined;
    } catch {
      return undefined; // absent or corrupt: it is made again
    }
  }

  private pathOf(ingredients: readonly string[]): string {
    const key = digest([String(FORMAT), release(), version(), ...ingredients]);
    return join(this.folder, `${key}.json`);
  }

  private prune(): void {
    const entries = readdirSync(this.folder).map((name) => join(this.folder, name));
    if (entries.length <= MOST_ENTRIES) return;
    const aged = entries.map((path) => ({
      path,
      time: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
    }));
    aged.sort((a, b) => b.time - a.time);
    for (const { path } of aged.slice(MOST_ENTRIES)) rmSync(path, { force: true });
  }
}

function isUnchanged({ path, stamp, digest: expected }: Input): boolean {
  try {
    return stampOf(path) === stamp || digest([readFileSync(path)]) === expected;
  } catch {
    return false; // gone
  }
}

function stampOf(path: string): string {
  const { ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return `${ino}:${size}:${mtimeNs}:${ctimeNs}`;
}

function digest(parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}
