import { Buffer } from 'node:buffer';
import { join } from 'node:path';
import { EcliError, type FetchContext } from '@ecli/core';
import {
  cacheFolder,
  type Descriptor,
  fetchAll,
  ImageLayout,
  type ImageReference,
  type LayoutRepository,
  type Manifest,
  type Repository,
  spellReference,
  spellRepository,
} from '@ecli/oci';
import { type CheckedBytes, inMemory } from './program-stream.ts';
import { ProgressFeed } from './progress-feed.ts';
import type { PullSettings } from './pull-settings.ts';
import { RemoteRepository } from './remote-repository.ts';

/** Where an image may be: in the cache, if there is one that can be used, and in its registry. */
export class ImagePlaces {
  private fetched: Awaited<ReturnType<Repository['manifest']>> | undefined;

  private constructor(
    private readonly reference: ImageReference,
    private readonly context: FetchContext,
    private readonly remote: RemoteRepository,
    /** Undefined where there is no place for one. */
    readonly cache: ImageLayout | undefined,
  ) {}

  /** Connects to nothing. A cache that can't be used is said by `context.warn`, and done without. */
  static async open(
    reference: ImageReference,
    context: FetchContext,
    settings: PullSettings,
  ): Promise<ImagePlaces> {
    const remote = new RemoteRepository(reference, context, settings.environment);
    return new ImagePlaces(reference, context, remote, await openCache(context, settings));
  }

  /** What the cache has of the repository. */
  get cached(): LayoutRepository | undefined {
    return this.cache?.repository(spellRepository(this.reference));
  }

  /** The repository in the registry. @throws ARTIFACT_NOT_FOUND where `--pull never` forbids to ask it */
  async registry(): Promise<Repository> {
    if (this.context.pull === 'never') throw notCached();
    return this.remote.open();
  }

  /**
   * Finds what the registry has by a tag or digest, and keeps its bytes for whoever reads it: one question less.
   *
   * @throws what the registry answers
   */
  async fetchManifest(tagOrDigest: string): Promise<Descriptor> {
    const registry = await this.registry();
    this.fetched = await registry.manifest(tagOrDigest, this.context.signal);
    return this.fetched.descriptor;
  }

  /** Reads a manifest or index. @throws ARTIFACT_TOO_LARGE, DIGEST_MISMATCH, and what the registry answers */
  readManifest(descriptor: Descriptor): Promise<Uint8Array> {
    return this.read(descriptor);
  }

  /**
   * Reads one layer, and has the others of the image fetched too: the cache holds whole images, which can be copied
   * and saved. @throws ARTIFACT_TOO_LARGE before anything is asked for, and what `readManifest` does
   */
  async readLayers(manifest: Manifest, wanted: Descriptor, limitBytes: number): Promise<Uint8Array> {
    const blobs = [manifest.config, ...manifest.layers];
    refuseTooLarge(blobs, limitBytes);
    const others = this.cache ? blobs.filter(({ digest }) => digest !== wanted.digest) : [];
    const [bytes] = await Promise.all([
      this.readBlob(wanted, limitBytes),
      ...others.map((blob) => this.readBlob(blob, limitBytes)),
    ]);
    return bytes;
  }

  /** As `readLayers`, without holding the layer in memory, where there is a cache to put it into. */
  async downloadLayers(manifest: Manifest, wanted: Descriptor, limitBytes: number): Promise<CheckedBytes> {
    const blobs = [manifest.config, ...manifest.layers];
    refuseTooLarge(blobs, limitBytes);
    const { cache, context } = this;
    if (!cache || !(await this.fillCache(cache, blobs))) {
      return inMemory(await this.readBlob(wanted, limitBytes));
    }
    return {
      open: () => opened(() => cache.fetch(wanted, context.signal)),
      // https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md#blobs
      path: join(cache.folder, 'blobs', wanted.digest.replace(':', '/')),
    };
  }

  /** Has the cache know `image` by the reference's name. */
  async keep(image: Descriptor): Promise<void> {
    const name = spellReference(this.reference);
    try {
      await this.cache?.tag(image, name, this.context.signal);
    } catch (error) {
      this.warnOfCache(error);
    }
  }

  close(): void {
    this.remote.close();
  }

  /** Whether the blobs are in the cache now. */
  private async fillCache(cache: ImageLayout, blobs: readonly Descriptor[]): Promise<boolean> {
    try {
      await Promise.all(blobs.map((blob) => this.putBlob(cache, blob)));
      return true;
    } catch (error) {
      this.warnOfCache(error);
      return false;
    }
  }

  private async putBlob(cache: ImageLayout, descriptor: Descriptor): Promise<void> {
    const { signal } = this.context;
    await this.telling(descriptor, async (feed) => {
      if (await isSound(cache, descriptor, signal)) return;
      const sent = (bytes: number): void => feed.received(bytes);
      await cache.push(descriptor, () => this.open(descriptor), { signal, sent });
    });
  }

  private readBlob(descriptor: Descriptor, limitBytes: number): Promise<Uint8Array> {
    return this.telling(descriptor, (feed) => this.read(descriptor, limitBytes, feed));
  }

  private async telling<Result>(
    descriptor: Descriptor,
    work: (feed: ProgressFeed) => Promise<Result>,
  ): Promise<Result> {
    const feed = new ProgressFeed(descriptor, this.context.progress);
    try {
      const result = await work(feed);
      feed.end();
      return result;
    } catch (error) {
      feed.fail();
      throw error;
    }
  }

  private async read(descriptor: Descriptor, limitBytes?: number, feed?: ProgressFeed): Promise<Uint8Array> {
    const { signal } = this.context;
    const received = (bytes: number): void => feed?.received(bytes);
    if (!this.cache) {
      const options = { signal, received, ...(limitBytes !== undefined && { limitBytes }) };
      return fetchAll({ fetch: () => this.open(descriptor) }, descriptor, options);
    }
    return this.cache.ingest(descriptor, () => this.open(descriptor), { signal, received });
  }

  /** Opens content for those who check it. Some descriptors bring theirs along. */
  private async open(descriptor: Descriptor): Promise<AsyncIterable<Uint8Array>> {
    const { data } = descriptor;
    if (data !== undefined) return single(Buffer.from(data, 'base64'));
    if (this.fetched?.descriptor.digest === descriptor.digest) return single(this.fetched.bytes);
    const registry = await this.registry();
    return registry.fetchUnchecked(descriptor, this.context.signal);
  }

  /** Says that the cache can't be written to; whatever else failed is thrown. */
  warnOfCache(error: unknown): void {
    if (!(error instanceof EcliError) || error.code !== 'CACHE_FAILED') throw error;
    const { message, hint } = error;
    this.context.warn?.(`not kept in the cache: ${message}${hint === undefined ? '' : `; ${hint}`}`);
  }
}

async function openCache(
  { warn, diagnose }: FetchContext,
  { environment }: PullSettings,
): Promise<ImageLayout | undefined> {
  try {
    return await ImageLayout.open(cacheFolder(environment), {
      create: true,
      ...(warn && { warn }),
      ...(diagnose && { diagnose }),
    });
  } catch (error) {
    if (!(error instanceof EcliError)) throw error;
    warn?.(`${error.message}; goes on without the cache`);
    return undefined;
  }
}

function notCached(): EcliError {
  return new EcliError('ARTIFACT_NOT_FOUND', 'not in the cache, and --pull never asks no registry', {
    hint: 'without --pull never it is fetched; ecli image list shows what is in the cache',
  });
}

function refuseTooLarge(blobs: readonly Descriptor[], limitBytes: number): void {
  const sizeBytes = blobs.reduce((sum, { size }) => sum + size, 0);
  if (sizeBytes <= limitBytes) return;
  const mebibytes = (bytes: number): string => `${Math.ceil(bytes / (1024 * 1024))} MiB`;
  throw new EcliError(
    'ARTIFACT_TOO_LARGE',
    `${mebibytes(sizeBytes)}, more than the ${mebibytes(limitBytes)} that ecli reads`,
    { hint: 'programs are small; is this the image you meant?' },
  );
}

/** Whether the cache has the blob, and it is what its name says: what isn't is removed. */
async function isSound(cache: ImageLayout, descriptor: Descriptor, signal: AbortSignal): Promise<boolean> {
  if (!(await cache.exists(descriptor))) return false;
  try {
    for await (const _ of await cache.fetch(descriptor, signal));
    return true;
  } catch (error) {
    if (error instanceof EcliError) return false;
    throw error;
  }
}

async function* opened(open: () => Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array> {
  yield* await open();
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
