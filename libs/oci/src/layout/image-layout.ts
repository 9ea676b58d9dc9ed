import { rm } from 'node:fs/promises';
import { EcliError, printable } from '@ecli/core';
import type { Target } from '../content.ts';
import { isManifestMediaType } from '../manifest/parse-manifest.ts';
import { JsonReader } from '../manifest/read-json.ts';
import { isDigest } from '../reference/grammar.ts';
import type { Descriptor } from '../types.ts';
import { type BlobName, BlobStore, type OpenContent, type WriteOptions } from './blob-store.ts';
import { cacheFailure } from './cache-error.ts';
import { isWhole, lookAt } from './contents.ts';
import { type IndexEntry, IndexFile } from './index-file.ts';
import { type BlobPlace, fetchOnce, type IngestOptions, receive, warnOf } from './ingest.ts';
import { isLayout, makeLayout } from './layout-folders.ts';
import { LayoutRepository } from './layout-repository.ts';
import { entriesOf, type LayoutEntry } from './layout-entry.ts';
import { PendingContent } from './pending-content.ts';
import { type Doomed, prune, type PrunedPlace, type PruneOptions, type Removal, remove } from './prune.ts';
import { findReferrers, readManifest, subjectOf } from './referrers.ts';

export interface LayoutOptions {
  /** Takes a folder that is no layout yet, and makes one of it when something is first put there. */
  readonly create?: boolean;
  /** Whoever may look into the folder's own folder may look into it; otherwise one that is made is for its owner alone. */
  readonly isShared?: boolean;
  readonly warn?: (line: string) => void;
  readonly diagnose?: (line: string) => void;
}

/**
 * A folder of images as the OCI image layout has it, shared by all processes that open it at once:
 *
 *     oci-layout              {"imageLayoutVersion":"1.0.0"}
 *     index.json              names by which images are found; changed under a lock, replaced as a whole
 *     blobs/ALGORITHM/HEX     content, each under its digest; there only once it was whole
 *     ingest/                 content that is being written, and leases of those who write
 *     locks/                  one link for the index, one for each blob that is being fetched
 *
 * Nothing is trusted because it is there: content is checked whenever it is read, and removed when it isn't what
 * its name says, so that a killed process or a failed disk costs a download and no more. For the same reason
 * nothing is forced onto the disk. Names are full references (`ghcr.io/org/tool:v1`); `repository` gives those of
 * one repository by their tags.
 */
export class ImageLayout implements Target {
  private readonly place: BlobPlace;
  private readonly index: IndexFile;
  private readonly isShared: boolean;
  private readonly pending: PendingContent;

  private constructor(
    readonly folder: string,
    { isShared = false, warn, diagnose }: LayoutOptions,
  ) {
    this.isShared = isShared;
    const warnedOf = new Set<string>();
    const place = {
      folder,
      // Whatever else can't be written will fail for the same reason.
      warn: (line: string) => {
        if (!warnedOf.has(line)) warn?.(line);
        warnedOf.add(line);
      },
      diagnose: (line: string) => diagnose?.(line),
    };
    this.place = { ...place, blobs: new BlobStore(folder, place.diagnose) };
    this.index = new IndexFile(folder, place.warn);
    this.pending = new PendingContent(this.place, this.index, isShared);
  }

  /**
   * Opens the layout in `folder`. With `create` the folder need not exist, and nothing is written yet.
   *
   * @throws ARTIFACT_NOT_FOUND for a folder that is no layout, CACHE_FAILED for one that can't be read
   */
  static async open(folder: string, options: LayoutOptions = {}): Promise<ImageLayout> {
    if (!isLayout(folder) && options.create !== true) {
      throw new EcliError('ARTIFACT_NOT_FOUND', `${printable(folder)}: not an image layout`, {
        hint: 'an image layout is a folder with oci-layout, index.json and blobs in it',
      });
    }
    return new ImageLayout(folder, options);
  }

  /** Reads a blob, without any lock; undefined when it isn't there, or wasn't what its digest says. */
  read(name: BlobName): Promise<Uint8Array | undefined> {
    return this.place.blobs.read(name, true);
  }

  /**
   * Reads a blob, which is had by `open` where it isn't there: once, whoever else wants it at the same time. Where
   * the folder can't be written to, that is warned of, and what came is returned all the same.
   *
   * @throws ARTIFACT_TOO_LARGE, DIGEST_MISMATCH, and what `open` throws
   */
  async ingest(descriptor: Descriptor, open: OpenContent, options: IngestOptions = {}): Promise<Uint8Array> {
    const { place } = this;
    const there = await this.read(descriptor);
    if (there) return there;
    let content: Uint8Array | undefined;
    const fetch = async (): Promise<void> => {
      content = await receive(place, descriptor, open, options);
    };
    let warn = place.warn;
    await this.pending
      .add(descriptor.digest)
      .then(() => fetchOnce(place, descriptor, fetch, options.signal))
      .catch((error: unknown) => {
        warnOf(warn)(error);
        // What comes of that is no news.
        warn = () => undefined;
      });
    return content ?? (await this.read(descriptor)) ?? receive({ ...place, warn }, descriptor, open, options);
  }

  fetch(descriptor: Descriptor, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return this.place.blobs.fetch(descriptor, signal);
  }

  /** Finds what a full reference, or a digest, names. @throws ARTIFACT_NOT_FOUND */
  async resolve(reference: string): Promise<Descriptor> {
    const digest = reference.slice(reference.lastIndexOf('@') + 1);
    const found = isDigest(digest) ? await this.describe(digest) : this.find(reference);
    if (found) return found;
    throw new EcliError('ARTIFACT_NOT_FOUND', `${printable(reference)}: not in ${printable(this.folder)}`);
  }

  /** Tells whether content is there to be built upon: for a while nobody removes it then. */
  async exists({ digest, size }: Descriptor): Promise<boolean> {
    const { blobs, diagnose } = this.place;
    if (blobs.stat(digest)?.size !== size) return false;
    await this.pending.add(digest).catch((error: unknown) => diagnose(String(error)));
    blobs.markNew(digest);
    return true;
  }

  /** @throws DIGEST_MISMATCH, CACHE_FAILED, and what `open` throws */
  async push(descriptor: Descriptor, open: OpenContent, options: WriteOptions = {}): Promise<void> {
    const { signal } = options;
    const { blobs } = this.place;
    await this.pending.add(descriptor.digest);
    // It may have lain here for long with nobody in need of it.
    blobs.markNew(descriptor.digest);
    const write = (): Promise<void> => blobs.write(descriptor, open, options);
    await fetchOnce(this.place, descriptor, write, signal);
    await this.keepReferrer(descriptor, signal);
  }

  /**
   * Names content by a full reference, which names nothing else then. By its digest it is kept without a name.
   *
   * @throws CACHE_FAILED
   */
  async tag(descriptor: Descriptor, reference: string, signal?: AbortSignal): Promise<void> {
    const name = reference === descriptor.digest ? undefined : reference;
    const isSame = (entry: IndexEntry): boolean =>
      name === undefined ? entry.descriptor.digest === descriptor.digest : entry.name === name;
    const [same, ...others] = this.index.entries().filter(isSame);
    const isThere =
      same?.descriptor.digest === descriptor.digest && (name === undefined || others.length === 0);
    if (!isThere) {
      await this.pending.add(descriptor.digest);
      const added = [{ descriptor, name }];
      await this.index.change(() => ({ keep: (entry) => !isSame(entry), added }), signal);
    }
    await this.pending.settle(descriptor);
  }

  async referrers(descriptor: Descriptor, artifactType?: string): Promise<readonly Descriptor[]> {
    return findReferrers(this.place.blobs, this.index.entries(), descriptor, artifactType);
  }

  /** All images, under each of their names; those whose content is gone are warned of and left out. */
  async list(): Promise<LayoutEntry[]> {
    const { blobs, warn } = this.place;
    const { images, missing } = await lookAt(blobs, this.index.entries());
    for (const { name, descriptor } of missing) warn(`${name ?? descriptor.digest}: its content is gone`);
    return images.flatMap((image) => entriesOf(image, blobs));
  }

  /**
   * Removes names, and the images that have no other with what belongs to them. A digest stands for all names of
   * its image. What names nothing here is no failure: see what was removed.
   *
   * @throws CACHE_FAILED
   */
  async remove(references: readonly string[], signal?: AbortSignal): Promise<Removal> {
    const isDoomed: Doomed = ({ name, descriptor: { digest } }) =>
      references.includes(digest) || (name !== undefined && references.includes(name));
    return remove(this.prunedPlace(), () => isDoomed, signal);
  }

  /** Removes content that no image needs, and images as `options` say. @throws CACHE_FAILED */
  async prune(options: PruneOptions = {}): Promise<Removal> {
    return prune(this.prunedPlace(), options);
  }

  /** Runs `work` with an empty folder in the same file system, which goes afterwards, however that is. */
  async withDraftFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
    const { blobs, folder } = this.place;
    try {
      makeLayout(folder, this.isShared);
    } catch (error) {
      throw cacheFailure(folder, error);
    }
    const draft = blobs.draftPath();
    try {
      return await work(draft);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }

  /** Tells whether all is here that `descriptor` needs: of an index, every platform's. */
  isWhole(descriptor: Descriptor): Promise<boolean> {
    return isWhole(this.place.blobs, descriptor);
  }

  /** The images of one repository, by their tags; `name` is spelled with its registry. */
  repository(name: string): LayoutRepository {
    return new LayoutRepository(this, name);
  }

  private find(reference: string): Descriptor | undefined {
    return this.index.entries().findLast(({ name }) => name === reference)?.descriptor;
  }

  /** Says of a manifest by its digest alone what it is. */
  private async describe(digest: string): Promise<Descriptor | undefined> {
    const bytes = await this.read({ digest });
    if (!bytes) return undefined;
    const named = this.index.entries().find(({ descriptor }) => descriptor.digest === digest);
    return named?.descriptor ?? { mediaType: mediaTypeOf(bytes, digest), digest, size: bytes.length };
  }

  /** What refers to something else is found by the index, under no name. */
  private async keepReferrer(descriptor: Descriptor, signal: AbortSignal | undefined): Promise<void> {
    if (!isManifestMediaType(descriptor.mediaType)) return;
    if (!subjectOf(await readManifest(this.place.blobs, descriptor))) return;
    const { digest } = descriptor;
    if (!this.index.entries().some((entry) => entry.descriptor.digest === digest)) {
      await this.index.change(() => ({ keep: () => true, added: [{ descriptor, name: undefined }] }), signal);
    }
    await this.pending.settle(descriptor);
  }

  private prunedPlace(): PrunedPlace {
    const { blobs, warn, folder } = this.place;
    try {
      makeLayout(folder, this.isShared);
    } catch (error) {
      throw cacheFailure(folder, error);
    }
    return { folder, blobs, warn, index: this.index };
  }
}

function mediaTypeOf(bytes: Uint8Array, digest: string): string {
  const mediaType = new JsonReader(digest).parse(bytes)['mediaType'];
  return typeof mediaType === 'string' ? mediaType : '';
}
