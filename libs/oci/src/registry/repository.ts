import { listed, nearNames } from '@ecli/core';
import type { Mounter, Target, UncheckedFetcher } from '../content.ts';
import { ContentVerifier } from '../manifest/content-verifier.ts';
import { fetchAll } from '../manifest/fetch-all.ts';
import { isManifestMediaType, parseManifest } from '../manifest/parse-manifest.ts';
import type { Descriptor } from '../types.ts';
import { BlobDownload } from './blob-download.ts';
import { BlobUpload, type PushOptions } from './blob-upload.ts';
import { ManifestStore, type StoredManifest } from './manifest-store.ts';
import { Referrers } from './referrers.ts';
import type { RegistrySession } from './registry-session.ts';
import { RepositoryClient } from './repository-client.ts';
import { isReferrersTag, listTags } from './tags.ts';

/** How many tags a message names of those that are there. */
const SUGGESTED_TAGS = 5;
/** How much of a long list is looked through for them. */
const PAGES_FOR_SUGGESTIONS = 3;
/** Manifests that were pushed are kept for the tags that follow them. */
const KEPT_MANIFESTS = 8;

/**
 * One repository of a registry. All that is fetched is checked on the way: manifests before they are handed out, blobs
 * while they come.
 *
 * Its methods throw NETWORK_FAILED, REGISTRY_DENIED, RATE_LIMITED and REMOTE_FAILED beside what they name.
 */
export class Repository implements Target, Mounter, UncheckedFetcher {
  private readonly client: RepositoryClient;
  private readonly manifests: ManifestStore;
  private readonly uploads: BlobUpload;
  private readonly references: Referrers;
  private readonly pushed = new Map<string, StoredManifest>();

  constructor(session: RegistrySession, name: string) {
    this.client = new RepositoryClient(session, name);
    this.manifests = new ManifestStore(this.client, (tagOrDigest, signal) =>
      this.suggest(tagOrDigest, signal),
    );
    this.uploads = new BlobUpload(this.client);
    this.references = new Referrers(this.client, this.manifests);
  }

  /** Without the registry: `org/tool`. */
  get name(): string {
    return this.client.name;
  }

  /** Fetches a manifest or index and checks it. @throws ARTIFACT_NOT_FOUND, DIGEST_MISMATCH, MANIFEST_INVALID */
  manifest(tagOrDigest: string, signal?: AbortSignal): Promise<StoredManifest> {
    return this.manifests.get(tagOrDigest, signal);
  }

  /** @throws ARTIFACT_NOT_FOUND naming tags that there are, DIGEST_MISMATCH */
  resolve(tagOrDigest: string, signal?: AbortSignal): Promise<Descriptor> {
    return this.manifests.resolve(tagOrDigest, signal);
  }

  /** @throws ARTIFACT_NOT_FOUND, DIGEST_MISMATCH */
  async fetch(descriptor: Descriptor, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    return new ContentVerifier(descriptor).pass(await this.fetchUnchecked(descriptor, signal));
  }

  async fetchUnchecked(descriptor: Descriptor, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    if (!isManifestMediaType(descriptor.mediaType)) {
      return new BlobDownload(this.client, descriptor, signal).open();
    }
    const { bytes } = await this.manifests.get(descriptor.digest, signal);
    return onePiece(bytes);
  }

  async exists(descriptor: Descriptor, signal?: AbortSignal): Promise<boolean> {
    if (isManifestMediaType(descriptor.mediaType)) return this.manifests.exists(descriptor, signal);
    const { digest } = descriptor;
    const response = await this.client.send(`blobs/${digest}`, { method: 'HEAD', action: 'read', signal });
    if (response.status !== 200 && response.status !== 404) {
      throw await this.client.refused(response, { action: 'read', subject: this.client.spell(digest) });
    }
    response.discard();
    return response.status === 200;
  }

  /** Uploads a blob, or a manifest under its digest. @throws DIGEST_MISMATCH when the content isn't what it should be */
  async push(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    options: PushOptions = {},
  ): Promise<void> {
    if (!isManifestMediaType(descriptor.mediaType)) return this.uploads.push(descriptor, open, options);
    const bytes = await fetchAll({ fetch: () => Promise.resolve(open()) }, descriptor, options);
    await this.putManifest({ descriptor, bytes }, descriptor.digest, options.signal);
    options.sent?.(bytes.length);
  }

  mount(descriptor: Descriptor, from: string, signal?: AbortSignal): Promise<boolean> {
    return this.uploads.mount(descriptor, from, signal);
  }

  /** Lets a tag name a manifest that is in the repository. */
  async tag(descriptor: Descriptor, tag: string, signal?: AbortSignal): Promise<void> {
    const { digest } = descriptor;
    const stored = this.pushed.get(digest) ?? (await this.manifests.get(digest, signal));
    await this.putManifest(stored, tag, signal);
  }

  /** All tags in order, numbers by their value. @throws ARTIFACT_NOT_FOUND when there is no such repository */
  tags(signal?: AbortSignal): Promise<string[]> {
    return listTags(this.client, { signal });
  }

  referrers(descriptor: Descriptor, artifactType?: string, signal?: AbortSignal): Promise<Descriptor[]> {
    return this.references.list(descriptor, artifactType, signal);
  }

  /** Deletes a manifest and its tags. @throws REMOTE_FAILED when the registry lets nothing be deleted */
  delete(digest: string, signal?: AbortSignal): Promise<void> {
    return this.manifests.delete(digest, signal);
  }

  private async putManifest(
    stored: StoredManifest,
    tagOrDigest: string,
    signal?: AbortSignal,
  ): Promise<void> {
    const { listsReferrers } = await this.manifests.put(stored, tagOrDigest, signal);
    if (!this.pushed.has(stored.descriptor.digest)) {
      const parsed = parseManifest(stored.bytes, stored.descriptor);
      const { subject } = parsed.kind === 'manifest' ? parsed.manifest : parsed.index;
      if (subject && !listsReferrers) await this.references.add(stored, subject, signal);
    }
    this.keep(stored);
  }

  private keep(stored: StoredManifest): void {
    this.pushed.set(stored.descriptor.digest, stored);
    const [oldest] = this.pushed.keys();
    if (this.pushed.size > KEPT_MANIFESTS && oldest !== undefined) this.pushed.delete(oldest);
  }

  /** What to say of a tag that isn't there: those that are, near ones first. A few more requests are what it may cost. */
  private async suggest(tagOrDigest: string, signal?: AbortSignal): Promise<string | undefined> {
    if (isReferrersTag(tagOrDigest)) return undefined;
    const all = await listTags(this.client, { signal, mostPages: PAGES_FOR_SUGGESTIONS }).catch(() => []);
    const tags = all.filter((tag) => !isReferrersTag(tag));
    if (tags.length === 0) return undefined;
    const near = nearNames(tagOrDigest, tags);
    const shown = [...new Set([...near, ...tags.toReversed()])].slice(0, SUGGESTED_TAGS);
    const rest = tags.length - shown.length;
    return `these tags exist: ${listed(shown)}${rest > 0 ? ` and ${rest} more (ecli image tags ${this.client.spelled})` : ''}`;
  }
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield bytes;
}
