import type { Descriptor } from '../types.ts';
import type { BlobStore } from './blob-store.ts';
import { type LayoutContents, type LayoutImage, lookAt } from './contents.ts';
import type { IndexEntry, IndexFile } from './index-file.ts';
import { oldestLeaseMs, removeLeftovers } from './lease.ts';

export interface PruneOptions {
  /** Removes the images that were used least recently, until the rest is no larger than this. */
  readonly maxBytes?: number;
  /** Removes the images that haven't been used since. */
  readonly usedBeforeMs?: number;
  /** Removes all images. */
  readonly all?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** What was removed of a layout. */
export interface Removal {
  readonly images: readonly RemovedImage[];
  /** How many pieces of content, whether an image's or nobody's. */
  readonly blobs: number;
  readonly freedBytes: number;
  /** The size of what is left. */
  readonly keptBytes: number;
}

export interface RemovedImage {
  readonly descriptor: Descriptor;
  /** The names that were removed. */
  readonly names: readonly string[];
}

/** What removing needs of a layout. */
export interface PrunedPlace {
  readonly folder: string;
  readonly blobs: BlobStore;
  readonly index: IndexFile;
  readonly warn: (line: string) => void;
}

/** Picks entries of the index that go. */
export type Doomed = (entry: IndexEntry) => boolean;

/**
 * Removes images, what belongs to them, and content that no image needs. Spared is what a process that puts
 * something into the layout at the same time may be about to name.
 *
 * @throws CACHE_FAILED, and the signal's reason
 */
export async function prune(place: PrunedPlace, options: PruneOptions): Promise<Removal> {
  const choose = (contents: LayoutContents, state: LayoutState): Doomed => {
    const doomed = new Set(state.unused(contents.images, options).map(({ descriptor }) => descriptor.digest));
    return ({ descriptor }) => doomed.has(descriptor.digest);
  };
  return remove(place, choose, options.signal);
}

/**
 * Removes the entries that `choose` picks; images that have no other go, and what belongs to those.
 *
 * The index forgets them first, so that a process killed at it leaves content without names, never names without
 * content; unless the disk is too full for another index.
 *
 * @throws CACHE_FAILED, and the signal's reason
 */
export async function remove(
  { folder, blobs, index, warn }: PrunedPlace,
  choose: (contents: LayoutContents, state: LayoutState) => Doomed,
  signal: AbortSignal | undefined,
): Promise<Removal> {
  let removal: Removal = { images: [], blobs: 0, freedBytes: 0, keptBytes: 0 };
  await index.change(async () => {
    removeLeftovers(folder);
    const entries = index.entries();
    const contents = await lookAt(blobs, entries);
    for (const { name, descriptor } of contents.missing) {
      warn(`${name ?? descriptor.digest}: taken off the index, for its content is gone`);
    }
    const state = new LayoutState(blobs, await blobs.digests());
    const isDoomed = choose(contents, state);
    const kept = state.closure(
      contents.images.filter((image) => image.entries.some((entry) => !isDoomed(entry))),
    );
    const isKept = (entry: IndexEntry): boolean =>
      !isDoomed(entry) && kept.some(({ descriptor }) => descriptor.digest === entry.descriptor.digest);
    const sweep = (): void => {
      removal = { images: removedOf(contents.images, isKept), ...state.sweep(kept) };
    };
    return { keep: isKept, afterwards: sweep, makeRoom: sweep };
  }, signal);
  return removal;
}

function removedOf(images: readonly LayoutImage[], isKept: Doomed): RemovedImage[] {
  return images.flatMap(({ descriptor, entries }) => {
    const removed = entries.filter((entry) => !isKept(entry));
    return removed.length === 0 ? [] : [{ descriptor, names: removed.flatMap(({ name }) => name ?? []) }];
  });
}

/** What lies in a layout while its index is locked. */
export class LayoutState {
  private readonly sizes: ReadonlyMap<string, number>;
  private readonly spared: ReadonlySet<string>;

  constructor(
    private readonly blobs: BlobStore,
    digests: readonly string[],
  ) {
    const leaseMs = oldestLeaseMs(blobs.ingestFolder) ?? Infinity;
    const stats = digests.flatMap((digest) => {
      const found = blobs.stat(digest);
      return found ? [{ digest, size: found.size, isSpared: found.mtimeMs >= leaseMs }] : [];
    });
    this.sizes = new Map(stats.map(({ digest, size }) => [digest, size]));
    this.spared = new Set(stats.flatMap(({ digest, isSpared }) => (isSpared ? [digest] : [])));
  }

  /** These images and all that belongs to them; what belongs to others goes. */
  closure(images: readonly LayoutImage[]): readonly LayoutImage[] {
    const kept = images.filter(({ belongsTo, descriptor }) => {
      return belongsTo === undefined || this.spared.has(descriptor.digest);
    });
    const reached = new Set(kept.flatMap((image) => [...image.blobs]));
    let rest = images.filter((image) => !kept.includes(image));
    for (;;) {
      const owned = rest.filter(({ belongsTo }) => belongsTo !== undefined && reached.has(belongsTo));
      if (owned.length === 0) return kept;
      kept.push(...owned);
      for (const { blobs } of owned) for (const digest of blobs) reached.add(digest);
      rest = rest.filter((image) => !owned.includes(image));
    }
  }

  /** The images that `options` let go, least recently used first. */
  unused(
    images: readonly LayoutImage[],
    { all = false, usedBeforeMs = -Infinity, maxBytes = Infinity }: PruneOptions,
  ): readonly LayoutImage[] {
    const candidates = images
      .filter(({ belongsTo, descriptor }) => belongsTo === undefined && !this.spared.has(descriptor.digest))
      .toSorted((a, b) => a.usedAtMs - b.usedAtMs);
    const doomed = new Set(candidates.filter(({ usedAtMs }) => all || usedAtMs < usedBeforeMs));
    for (const candidate of candidates) {
      const rest = images.filter((image) => !doomed.has(image));
      if (this.sizeOf(this.closure(rest)) <= maxBytes) break;
      doomed.add(candidate);
    }
    return [...doomed];
  }

  /** Removes all content that none of `kept` needs. */
  sweep(kept: readonly LayoutImage[]): Omit<Removal, 'images'> {
    const needed = new Set(kept.flatMap((image) => [...image.blobs]));
    let [blobs, freedBytes, keptBytes] = [0, 0, 0];
    for (const [digest, size] of this.sizes) {
      if (needed.has(digest) || this.spared.has(digest)) {
        keptBytes += size;
        continue;
      }
      this.blobs.remove(digest);
      blobs++;
      freedBytes += size;
    }
    return { blobs, freedBytes, keptBytes };
  }

  private sizeOf(images: readonly LayoutImage[]): number {
    let bytes = 0;
    for (const digest of new Set(images.flatMap((image) => [...image.blobs]))) {
      bytes += this.sizes.get(digest) ?? 0;
    }
    return bytes;
  }
}
