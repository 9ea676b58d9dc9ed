import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { digestOf, EcliError, type FetchContext } from '@ecli/core';
import { Received } from '../received.ts';
import type { UrlSettings } from '../url-settings.ts';
import type { WebFile } from '../web-file.ts';
import { cacheFailure, makeCacheFolder } from './cache-folder.ts';
import { readIfThere, remove, touch, writeAtomically } from './cache-files.ts';
import { type CacheEntry, ENTRY_LIMIT_BYTES, parseEntry, spellEntry } from './cache-entry.ts';
import { parsePartial, spellPartial } from './partial-file.ts';
import { sweep } from './sweep.ts';

/** A file of the cache, as it came. */
export interface CachedFile extends WebFile {
  /** Whether its server wanted to know who asks. */
  readonly isPrivate: boolean;
}

const DEFAULT_CACHE_BYTES = 1024 * 1024 * 1024;

/** Blobs are as large as what was taken once. */
const BLOB_LIMIT_BYTES = 2 ** 31;

/**
 * Files of web servers, shared by all processes of a user:
 *
 *     blobs/HEX      a file, named by its SHA-256, which is checked at each read
 *     entries/KEY    what a URL led to last: the blob, and by what its server knows whether it has changed
 *     partial/KEY    what came of a download that was cut
 *
 * KEY is the SHA-256 of the URL without credentials and fragment. Each file is written in one step; whatever is wrong
 * with one, it is as if it weren't there. A cache that can't be used is done without: no method throws.
 */
export class UrlCache {
  private constructor(
    private readonly folder: string | undefined,
    private readonly cacheBytes: number,
    private readonly warn: FetchContext['warn'],
  ) {}

  static async open(
    { environment, cacheBytes = DEFAULT_CACHE_BYTES }: UrlSettings,
    warn: FetchContext['warn'],
  ): Promise<UrlCache> {
    try {
      return new UrlCache(await makeCacheFolder(environment), cacheBytes, warn);
    } catch (error) {
      if (!(error instanceof EcliError)) throw error;
      warn?.(`${error.message}; goes on without the cache`);
      return new UrlCache(undefined, cacheBytes, warn);
    }
  }

  /** What the URL led to last, or with a digest the file that has it, wherever it came from. */
  async find(url: URL, digest: string | undefined): Promise<CachedFile | undefined> {
    return this.attempt(undefined, async (folder) => {
      const entry = await this.readEntry(folder, url);
      const wanted = digest ?? entry?.digest;
      const content = wanted === undefined ? undefined : await this.readBlob(folder, wanted);
      if (wanted === undefined || !content) return undefined;
      const { traits, isPrivate } = entry?.digest === wanted ? entry : UNKNOWN;
      return { content, digest: wanted, traits, isPrivate };
    });
  }

  async store(url: URL, { content, digest, traits, isPrivate }: CachedFile): Promise<void> {
    await this.attempt(undefined, async (folder) => {
      await writeAtomically(blobPath(folder, digest), content);
      const entry = { digest, traits, isPrivate };
      await writeAtomically(entryPath(folder, url), spellEntry(entry));
      await sweep(folder, this.cacheBytes);
    });
  }

  /** What a cut download of the URL has left. */
  async findPartial(url: URL, limitBytes: number): Promise<Received | undefined> {
    return this.attempt(undefined, async (folder) => {
      const path = partialPath(folder, url);
      const bytes = await readIfThere(path, limitBytes + ENTRY_LIMIT_BYTES);
      const partial = bytes && parsePartial(bytes);
      if (!partial || partial.totalBytes > limitBytes) return undefined;
      const received = new Received(limitBytes, partial.totalBytes, partial.validator);
      received.append(partial.content);
      return received;
    });
  }

  /** Keeps what has come of a file, where the server will be able to go on with it. */
  async storePartial(url: URL, { content, validator, totalBytes, isWhole }: Received): Promise<void> {
    if (validator === undefined || totalBytes === undefined || content.byteLength === 0 || isWhole) return;
    await this.attempt(undefined, async (folder) => {
      await writeAtomically(partialPath(folder, url), ...spellPartial({ content, validator, totalBytes }));
    });
  }

  async forgetPartial(url: URL): Promise<void> {
    if (this.folder !== undefined) await remove(partialPath(this.folder, url));
  }

  private async readEntry(folder: string, url: URL): Promise<CacheEntry | undefined> {
    const path = entryPath(folder, url);
    const bytes = await readIfThere(path, ENTRY_LIMIT_BYTES);
    const entry = bytes && parseEntry(bytes);
    if (bytes && !entry) await remove(path);
    if (entry) await touch(path);
    return entry;
  }

  private async readBlob(folder: string, digest: string): Promise<Uint8Array | undefined> {
    const path = blobPath(folder, digest);
    const content = await readIfThere(path, BLOB_LIMIT_BYTES);
    if (!content) return undefined;
    if (digestOf(content) !== digest) {
      await remove(path);
      return undefined;
    }
    await touch(path);
    return content;
  }

  private async attempt<T>(otherwise: T, work: (folder: string) => Promise<T>): Promise<T> {
    const { folder } = this;
    if (folder === undefined) return otherwise;
    try {
      return await work(folder);
    } catch (error) {
      this.warn?.(`${cacheFailure(folder, error).message}; goes on without the cache`);
      return otherwise;
    }
  }
}

/** Of a file that is known by its digest alone. */
const UNKNOWN: Pick<CachedFile, 'traits' | 'isPrivate'> = {
  traits: { name: '', contentType: '' },
  isPrivate: true,
};

function blobPath(folder: string, digest: string): string {
  return join(folder, 'blobs', digest.slice('sha256:'.length));
}

function entryPath(folder: string, url: URL): string {
  return join(folder, 'entries', keyOf(url));
}

function partialPath(folder: string, url: URL): string {
  return join(folder, 'partial', keyOf(url));
}

function keyOf({ href }: URL): string {
  return createHash('sha256').update(href).digest('hex');
}
