import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  type Stats,
  unlinkSync,
  utimesSync,
} from 'node:fs';
import { type FileHandle, open as openFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EcliError, printable } from '@ecli/core';
import type { Pusher } from '../content.ts';
import { ContentVerifier, digestLike } from '../manifest/content-verifier.ts';
import { isDigest } from '../reference/grammar.ts';
import type { Descriptor } from '../types.ts';
import { BlobDraft } from './blob-draft.ts';
import { cacheFailure, errnoOf } from './cache-error.ts';
import { ownIdentity, spellIdentity, uniqueToken } from './process-identity.ts';

/** What of a descriptor finds a blob; without a size any is taken. */
export interface BlobName {
  readonly digest: string;
  readonly size?: number;
}

/** How content is had that isn't there yet. */
export type OpenContent = () => AsyncIterable<Uint8Array> | Promise<AsyncIterable<Uint8Array>>;

export type WriteOptions = NonNullable<Parameters<Pusher['push']>[2]>;

const PIECE_BYTES = 256 * 1024;
const SMALL_BYTES = 4 * 1024 * 1024;
/** Opens no link, which would lead elsewhere, and waits for no pipe. */
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** What there is no file for: also where a folder should be, and something else is. */
const ABSENT: readonly string[] = ['ENOENT', 'ENOTDIR'];
/** A blob's mtime tells when it was last used, as well as that; more often it isn't written. */
const USED_AGAIN_MS = 3_600_000;

/**
 * The blobs of a layout, each under its digest. A file is under `blobs` only when it was whole and right once: it
 * is written to `ingest` and renamed. What went wrong with it afterwards is found whenever it is read.
 *
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md#blobs
 */
export class BlobStore {
  constructor(
    readonly folder: string,
    private readonly diagnose: (line: string) => void,
  ) {}

  /** @throws MANIFEST_INVALID for what is no digest: it would name a file elsewhere */
  pathOf(digest: string): string {
    if (!isDigest(digest)) throw new EcliError('MANIFEST_INVALID', `${printable(digest)}: not a digest`);
    return join(this.folder, 'blobs', digest.replace(':', '/'));
  }

  get ingestFolder(): string {
    return join(this.folder, 'ingest');
  }

  /** Tells how large the blob is and when it was used; its content has not been looked at. */
  stat(digest: string): Stats | undefined {
    try {
      const stats = lstatSync(this.pathOf(digest));
      return stats.isFile() ? stats : undefined;
    } catch (error) {
      if (ABSENT.includes(errnoOf(error) ?? '')) return undefined;
      throw cacheFailure(this.folder, error);
    }
  }

  /**
   * Reads a whole blob; undefined when it isn't there, or isn't what its name says: then it is removed.
   * It counts as used when `isUse` says so.
   */
  async read(name: BlobName, isUse = false): Promise<Uint8Array | undefined> {
    const small = readSmall(this.pathOf(name.digest), name);
    if (small) {
      if (isUse) this.markUsed(name.digest, small.mtimeMs);
      return small.content;
    }
    const file = await this.openFile(name);
    if (!file) return undefined;
    try {
      const { size, mtimeMs } = await file.stat();
      const verifier = new ContentVerifier({ digest: name.digest, size });
      const content = new Uint8Array(size);
      while (verifier.bytes < size) {
        const { bytesRead } = await file.read(content, verifier.bytes, size - verifier.bytes);
        if (bytesRead === 0) break;
        verifier.take(content.subarray(verifier.bytes, verifier.bytes + bytesRead));
      }
      verifier.finish();
      if (isUse) this.markUsed(name.digest, mtimeMs);
      return content;
    } catch (error) {
      await this.quarantine(name.digest, file, error);
      return undefined;
    } finally {
      await file.close();
    }
  }

  /** Opens a blob that is checked while it is read. @throws ARTIFACT_NOT_FOUND, and DIGEST_MISMATCH at its end */
  async fetch(descriptor: Descriptor, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const file = await this.openFile(descriptor);
    if (file) return this.pieces(descriptor, file, signal);
    throw new EcliError('ARTIFACT_NOT_FOUND', `${descriptor.digest}: not in ${printable(this.folder)}`);
  }

  /**
   * Writes content that is checked on the way; nothing stays of what isn't what `descriptor` names. It is opened when
   * there is a file for it.
   *
   * @throws DIGEST_MISMATCH, CACHE_FAILED, the signal's reason, and what `open` throws
   */
  async write(
    descriptor: BlobName & { readonly size: number },
    open: OpenContent,
    { signal, sent }: WriteOptions = {},
  ): Promise<void> {
    const draft = await this.draft(descriptor.size);
    try {
      const verifier = new ContentVerifier(descriptor);
      for await (const piece of await open()) {
        signal?.throwIfAborted();
        verifier.take(piece);
        await draft.append(piece);
        sent?.(piece.length);
      }
      verifier.finish();
      await draft.keepAs(descriptor.digest);
    } finally {
      await draft.discard();
    }
  }

  /** Begins a blob whose digest shows later, and its size, too, where it isn't given. @throws CACHE_FAILED */
  async draft(sizeBytes?: number): Promise<BlobDraft> {
    const path = this.draftPath();
    try {
      return new BlobDraft(this, path, await openFile(path, 'wx'), sizeBytes);
    } catch (error) {
      throw cacheFailure(this.folder, error);
    }
  }

  /** A name that nothing has yet, and that tells whose it is. */
  draftPath(): string {
    return join(this.ingestFolder, `${spellIdentity(ownIdentity())}.${uniqueToken()}`);
  }

  /** All digests that there are files for. */
  async digests(): Promise<string[]> {
    const algorithms = ['sha256', 'sha512'];
    const names = await Promise.all(
      algorithms.map(async (algorithm) => {
        const files = await readdir(join(this.folder, 'blobs', algorithm)).catch(() => []);
        return files.map((hex) => `${algorithm}:${hex}`);
      }),
    );
    return names.flat().filter(isDigest);
  }

  remove(digest: string): void {
    try {
      unlinkSync(this.pathOf(digest));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw cacheFailure(this.folder, error);
    }
  }

  /** Makes the blob look as if it had come just now, so that who removes what nobody needs spares it. */
  markNew(digest: string): void {
    this.markUsed(digest, 0);
  }

  private markUsed(digest: string, mtimeMs: number): void {
    const now = Date.now();
    if (Math.abs(now - mtimeMs) < USED_AGAIN_MS) return;
    try {
      utimesSync(this.pathOf(digest), now / 1000, now / 1000);
    } catch {
      // Of a read-only layout nothing is removed by its age.
    }
  }

  private async openFile({ digest, size }: BlobName): Promise<FileHandle | undefined> {
    const path = this.pathOf(digest);
    try {
      const file = await openFile(path, READ_FLAGS);
      const stats = await file.stat();
      if (stats.isFile() && (size === undefined || stats.size === size)) return file;
      // A descriptor that lies about the size is no reason to remove a blob that is true to its name.
      if (stats.isFile()) await this.check({ digest, size: stats.size }, file);
      await file.close();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT')
        this.diagnose(`${path}: can't be read (${errnoOf(error) ?? String(error)})`);
    }
    return undefined;
  }

  private async check(blob: Required<BlobName>, file: FileHandle): Promise<void> {
    const verifier = new ContentVerifier(blob);
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    try {
      while (verifier.bytes < blob.size) {
        const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, verifier.bytes);
        if (bytesRead === 0) break;
        verifier.take(piece.subarray(0, bytesRead));
      }
      verifier.finish();
    } catch (error) {
      await this.quarantine(blob.digest, file, error);
    }
  }

  private async *pieces(
    descriptor: Descriptor,
    file: FileHandle,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    const verifier = new ContentVerifier(descriptor);
    try {
      for (;;) {
        signal?.throwIfAborted();
        const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(PIECE_BYTES), 0, PIECE_BYTES);
        if (bytesRead === 0) break;
        const piece = buffer.subarray(0, bytesRead);
        verifier.take(piece);
        yield piece;
      }
      verifier.finish();
    } catch (error) {
      if (error instanceof EcliError && error.code === 'DIGEST_MISMATCH') {
        await this.quarantine(descriptor.digest, file, error);
      }
      throw error;
    } finally {
      await file.close();
    }
  }

  /** Takes a blob away that isn't what its name says, unless another one has come in its place. */
  private async quarantine(digest: string, file: FileHandle, reason: unknown): Promise<void> {
    const path = this.pathOf(digest);
    this.diagnose(`${path}: removed, ${reason instanceof Error ? reason.message : String(reason)}`);
    try {
      const [read, present] = [await file.stat(), lstatSync(path)];
      if (read.ino === present.ino) unlinkSync(path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.diagnose(`${path}: ${errnoOf(error) ?? String(error)}`);
    }
  }

  /** Makes the folder that blobs of this digest's algorithm are in. */
  makeFolderFor(digest: string): void {
    mkdirSync(join(this.pathOf(digest), '..'), { recursive: true });
  }
}

interface SmallBlob {
  readonly content: Uint8Array;
  readonly mtimeMs: number;
}

/**
 * Reads a blob as most are, small and right, at once: by the thread pool it takes longer to wait than to read.
 * Undefined for any other, which is to be looked at closely.
 */
function readSmall(path: string, { digest, size }: BlobName): SmallBlob | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, READ_FLAGS);
    const stats = fstatSync(file);
    if (!stats.isFile() || stats.size > SMALL_BYTES || (size ?? stats.size) !== stats.size) return undefined;
    const content = readFileSync(file);
    return digestLike(content, digest) === digest ? { content, mtimeMs: stats.mtimeMs } : undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
