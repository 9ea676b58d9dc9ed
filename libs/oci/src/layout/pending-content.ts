import type { Descriptor } from '../types.ts';
import { cacheFailure } from './cache-error.ts';
import { reachableFrom } from './contents.ts';
import type { IndexFile } from './index-file.ts';
import type { BlobPlace } from './ingest.ts';
import { makeLayout } from './layout-folders.ts';
import { giveUpLease, removeLeftovers, takeLease } from './lease.ts';

/**
 * Content that this process has put into a layout, or found there to build upon, and that no named image needs
 * yet. While there is any, a lease keeps others from removing it.
 */
export class PendingContent {
  private readonly digests = new Set<string>();
  private lease: Promise<string> | undefined;

  constructor(
    private readonly place: BlobPlace,
    private readonly index: IndexFile,
    private readonly isShared: boolean,
  ) {}

  /** Resolves when nobody removes it any more; the folders are there then. @throws CACHE_FAILED */
  async add(digest: string): Promise<void> {
    this.digests.add(digest);
    this.lease ??= this.takeLease();
    try {
      await this.lease;
    } catch (error) {
      this.lease = undefined;
      throw error;
    }
  }

  /** Says that the index names an image now: nothing that it needs is pending any more. */
  async settle(descriptor: Descriptor): Promise<void> {
    if (this.digests.size === 0) return;
    for (const digest of await reachableFrom(this.place.blobs, descriptor)) this.digests.delete(digest);
    const { lease } = this;
    if (this.digests.size > 0 || !lease) return;
    this.lease = undefined;
    giveUpLease(await lease);
  }

  private async takeLease(): Promise<string> {
    const { folder, blobs } = this.place;
    try {
      makeLayout(folder, this.isShared);
      return await this.index.exclusively(() => {
        removeLeftovers(folder);
        this.index.makeIfMissing();
        return takeLease(blobs.ingestFolder);
      });
    } catch (error) {
      throw cacheFailure(folder, error);
    }
  }
}
