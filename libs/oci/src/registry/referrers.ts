import { describeReferrer } from '../manifest/describe-referrer.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';
import { digestOf, EcliError } from '@ecli/core';
import { type Descriptor, type Index, OciMediaType } from '../types.ts';
import type { ManifestStore, StoredManifest } from './manifest-store.ts';
import { pagesOf } from './pages.ts';
import { RegistryError } from './registry-error.ts';
import type { RepositoryClient } from './repository-client.ts';

const MOST_REFERRERS = 10_000;

/** How often the list under a tag is written anew that another client has overwritten. */
const WRITES = 5;

/** What refers to manifests of one repository: signatures, provenance, whatever has a `subject`. */
export class Referrers {
  constructor(
    private readonly client: RepositoryClient,
    private readonly manifests: ManifestStore,
  ) {}

  /** Lists what refers to a manifest, from the registry's own list, or from the tag that stands for one. */
  async list({ digest }: Descriptor, artifactType?: string, signal?: AbortSignal): Promise<Descriptor[]> {
    const listed =
      (await this.fromRegistry(digest, artifactType, signal)) ?? (await this.fromTag(digest, signal));
    return listed.filter((each) => artifactType === undefined || each.artifactType === artifactType);
  }

  /**
   * Adds a manifest to the list under its subject's tag, for registries that keep none. Clients that do so at once
   * overwrite each other, for a registry knows no "only if unchanged": so it is looked at again.
   */
  async add(stored: StoredManifest, subject: Descriptor, signal?: AbortSignal): Promise<void> {
    const entry = describeReferrer(parseManifest(stored.bytes, stored.descriptor));
    for (let attempt = 0; attempt < WRITES; attempt++) {
      const index = await this.indexUnderTag(subject.digest, signal);
      if (index === 'no index') throw this.occupied(subject);
      if (index?.manifests.some(({ digest }) => digest === entry.digest)) return;
      await this.manifests.put(withEntry(index, entry), referrersTag(subject.digest), signal);
    }
  }

  /** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers */
  private async fromRegistry(
    digest: string,
    artifactType: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Descriptor[] | undefined> {
    const query = artifactType === undefined ? '' : `?artifactType=${encodeURIComponent(artifactType)}`;
    const found: Descriptor[] = [];
    const pages = pagesOf(this.client, `referrers/${digest}${query}`, {
      action: 'read',
      headers: { accept: OciMediaType.index },
      signal,
    });
    for (;;) {
      const { value, done } = await pages.next();
      if (!done) {
        // A page for people, with 200, is an answer of those who know nothing of referrers either.
        if (!isIndexType(value.response.headers['content-type'])) return undefined;
        const page = parseManifest(value.bytes, OciMediaType.index);
        if (page.kind === 'index')
          found.push(...page.index.manifests.slice(0, MOST_REFERRERS - found.length));
        continue;
      }
      if (!value) return found;
      if (value.status !== 404 && value.status !== 400 && value.status !== 405) {
        throw await this.client.refused(value, { action: 'read', subject: this.client.spell(digest) });
      }
      value.discard();
      return undefined;
    }
  }

  /** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema */
  private async fromTag(digest: string, signal: AbortSignal | undefined): Promise<readonly Descriptor[]> {
    const index = await this.indexUnderTag(digest, signal);
    return index === undefined || index === 'no index' ? [] : index.manifests;
  }

  private async indexUnderTag(
    digest: string,
    signal: AbortSignal | undefined,
  ): Promise<Index | 'no index' | undefined> {
    try {
      const { bytes, descriptor } = await this.manifests.get(referrersTag(digest), signal);
      const parsed = parseManifest(bytes, descriptor);
      return parsed.kind === 'index' ? parsed.index : 'no index';
    } catch (error) {
      if (error instanceof RegistryError && error.status === 404) return undefined;
      throw error;
    }
  }

  private occupied({ digest }: Descriptor): EcliError {
    const tag = this.client.spell(referrersTag(digest));
    return new EcliError(
      'REMOTE_FAILED',
      `${tag}: an image, where what refers to ${digest} should be listed`,
      {
        hint: 'nothing was changed; the tag must be free, or name an index',
      },
    );
  }
}

/** The tag under which what refers to `digest` is listed where the registry doesn't list it. */
export function referrersTag(digest: string): string {
  const [algorithm = '', hex = ''] = digest.split(':');
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`;
}

function isIndexType(contentType: string | undefined): boolean {
  return (contentType ?? '').toLowerCase().startsWith(OciMediaType.index);
}

function withEntry(index: Index | undefined, entry: Descriptor): StoredManifest {
  const manifests = [...(index?.manifests ?? []), entry];
  const document = { ...index, schemaVersion: 2, mediaType: OciMediaType.index, manifests };
  const bytes = Buffer.from(JSON.stringify(document));
  return {
    descriptor: { mediaType: OciMediaType.index, digest: digestOf(bytes), size: bytes.length },
    bytes,
  };
}
