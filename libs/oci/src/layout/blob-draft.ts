import { type FileHandle, rename, rm } from 'node:fs/promises';
import { cacheFailure } from './cache-error.ts';
import { WriteBehind } from './write-behind.ts';

/** Where blobs lie that are whole. */
interface BlobPlaces {
  readonly folder: string;
  pathOf(digest: string): string;
  makeFolderFor(digest: string): void;
}

/** A blob that is being written, under a name that says by which process. */
export class BlobDraft {
  private isOpen = true;
  private isKept = false;
  private readonly content: WriteBehind;

  constructor(
    private readonly store: BlobPlaces,
    private readonly path: string,
    private readonly file: FileHandle,
    sizeBytes: number | undefined,
  ) {
    this.content = new WriteBehind(file, sizeBytes);
  }

  /** Takes a piece, which is the caller's again. @throws CACHE_FAILED, be it for a piece before */
  async append(piece: Uint8Array): Promise<void> {
    try {
      await this.content.append(piece);
    } catch (error) {
      throw cacheFailure(this.store.folder, error);
    }
  }

  /** Puts what was written under its digest, which the caller has checked. @throws CACHE_FAILED */
  async keepAs(digest: string): Promise<void> {
    try {
      await this.content.flush();
      await this.close();
      this.store.makeFolderFor(digest);
      await rename(this.path, this.store.pathOf(digest));
      this.isKept = true;
    } catch (error) {
      throw cacheFailure(this.store.folder, error);
    }
  }

  /** Removes what was written, unless it was kept. */
  async discard(): Promise<void> {
    await this.close().catch(() => undefined);
    if (!this.isKept) await rm(this.path, { force: true }).catch(() => undefined);
  }

  private async close(): Promise<void> {
    if (!this.isOpen) return;
    this.isOpen = false;
    await this.file.close();
  }
}
