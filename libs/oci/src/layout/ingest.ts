import { join } from 'node:path';
import { EcliError } from '@ecli/core';
import { ContentVerifier } from '../manifest/content-verifier.ts';
import type { Descriptor } from '../types.ts';
import type { BlobDraft } from './blob-draft.ts';
import type { BlobStore, OpenContent } from './blob-store.ts';
import { cacheFailure } from './cache-error.ts';
import { isHeld, isSilent, type Lock, type LockHolder, pauseForLock, tryLock } from './lock.ts';

export interface IngestOptions {
  readonly signal?: AbortSignal | undefined;
  /** What is taken at most; 1 GiB by default. */
  readonly limitBytes?: number;
  /** Hears of each piece as it comes. */
  readonly received?: (bytes: number) => void;
}

const DEFAULT_LIMIT_BYTES = 1024 ** 3;

/** What fetching a blob needs of the layout that it is for. */
export interface BlobPlace {
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly warn: (line: string) => void;
  readonly diagnose: (line: string) => void;
}

/**
 * Has `fetch` put a blob into a layout, unless it is there or another process is at it: then it waits, and takes
 * over if that one gives up or dies.
 *
 * @throws CACHE_FAILED, the signal's reason, and what `fetch` throws
 */
export async function fetchOnce(
  { folder, blobs, diagnose }: BlobPlace,
  { digest, size }: Descriptor,
  fetch: () => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const path = join(folder, 'locks', digest.replace(':', '-'));
  for (let attempt = 0; ; attempt++) {
    signal?.throwIfAborted();
    if (blobs.stat(digest)?.size === size) return;
    const lock = take(path, folder);
    if (isHeld(lock)) return holding(lock, () => fetchIfMissing(blobs, digest, size, fetch));
    // One that does nothing and can't be broken must not stop the others: the same content twice does no harm.
    if (isSilent(lock)) return fetch();
    if (attempt === 0)
      diagnose(`${digest}: waiting for process ${lock.pid ?? 'elsewhere'}, which fetches it`);
    await pauseForLock(attempt, signal);
  }
}

/**
 * Reads what `open` gives, and keeps it in the layout. That it can't be kept is warned of, and no failure.
 *
 * @throws ARTIFACT_TOO_LARGE, DIGEST_MISMATCH, and what `open` throws
 */
export async function receive(
  { blobs, warn }: BlobPlace,
  descriptor: Descriptor,
  open: OpenContent,
  { limitBytes = DEFAULT_LIMIT_BYTES, received }: IngestOptions,
): Promise<Uint8Array> {
  const { digest, size } = descriptor;
  if (size > limitBytes) {
    throw new EcliError('ARTIFACT_TOO_LARGE', `${digest}: ${size} bytes, where ${limitBytes} are taken`);
  }
  const verifier = new ContentVerifier(descriptor);
  const content = new Uint8Array(size);
  const keeper = new Keeper(await blobs.draft(size).catch(warnOf(warn)), warn);
  try {
    for await (const piece of await open()) {
      const offset = verifier.bytes;
      verifier.take(piece);
      content.set(piece, offset);
      await keeper.do((draft) => draft.append(piece));
      received?.(piece.length);
    }
    verifier.finish();
    await keeper.do((draft) => draft.keepAs(digest));
    return content;
  } finally {
    await keeper.discard();
  }
}

/** A draft that is given up, with a warning, when it can't be written. */
class Keeper {
  constructor(
    private draft: BlobDraft | undefined,
    private readonly warn: (line: string) => void,
  ) {}

  async do(step: (draft: BlobDraft) => Promise<void>): Promise<void> {
    if (!this.draft) return;
    try {
      await step(this.draft);
    } catch (error) {
      warnOf(this.warn)(error);
      await this.discard();
    }
  }

  async discard(): Promise<void> {
    const { draft } = this;
    this.draft = undefined;
    await draft?.discard();
  }
}

/** Says that the cache isn't used, and goes on without. */
export function warnOf(warn: (line: string) => void): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof EcliError) || error.code !== 'CACHE_FAILED') throw error;
    warn(`not kept in the cache: ${error.message}${error.hint === undefined ? '' : `; ${error.hint}`}`);
    return undefined;
  };
}

function take(path: string, folder: string): Lock | LockHolder {
  try {
    return tryLock(path);
  } catch (error) {
    throw cacheFailure(folder, error);
  }
}

async function holding(lock: Lock, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } finally {
    lock.release();
  }
}

async function fetchIfMissing(
  blobs: BlobStore,
  digest: string,
  size: number,
  fetch: () => Promise<void>,
): Promise<void> {
  if (blobs.stat(digest)?.size !== size) await fetch();
}
