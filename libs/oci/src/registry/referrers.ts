import { describeReferrer } from '../manifest/describe-referrer.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';
import { digestOf, EcliError } from '@ecli/core';
import { type Descriptor, type Index, OciMediaType } from '../types.ts';
import type { ManifestStore, StoredManifest } from './manifest-store.ts';
import { pagesOf } from './pages.ts';
import { RegistryError } from './registry-error.ts';
import type { RepositoryClient } from './repository-client.ts';

const MOST_REFERRERS = 10_000;

/** How often the list under a tag is looked at until it has been written, and others have left it so. */
const MOST_LOOKS = 24;

const LEAST_PAUSE_MS = 10;
/** As many pauses in a row get longer. */
const GROWING_PAUSES = 4;

/** What registries answer that know nothing of the question: 404 by the specification, the others in practice. */
const UNKNOWN_QUESTION: readonly number[] = [400, 404, 405, 415, 501];

/** The index that lists what refers to a manifest, where its tag names one. */
interface ReferrersList {
  readonly index: Index;
  readonly digest: string;
}

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
   * overwrite each other, for a registry knows no "only if unchanged": so it is looked at again, after the time that
   * another needs who had read the list before, and twice where others have written since.
   *
   * @throws REMOTE_FAILED when something else has the tag, or the entry is overwritten again and again
   */
  async add(stored: StoredManifest, subject: Descriptor, signal?: AbortSignal): Promise<void> {
    const entry = describeReferrer(parseManifest(stored.bytes, stored.descriptor));
    let writtenDigest: string | undefined;
    let wasListed = true;
    for (let look = 0; look < MOST_LOOKS; look++) {
      const startedMs = performance.now();
      const list = await this.listUnderTag(subject.digest, signal);
      if (list === 'no list') throw this.occupied(subject);
      const isListed = list?.index.manifests.some(({ digest }) => digest === entry.digest) ?? false;
      if (isListed && (wasListed || list?.digest === writtenDigest)) return;
      if (!isListed) writtenDigest = await this.writeList(withEntry(list?.index, entry), subject, signal);
      wasListed = isListed;
      const tookMs = Math.max(LEAST_PAUSE_MS, performance.now() - startedMs);
      const chance = Math.random() * 2 ** Math.min(look, GROWING_PAUSES);
      await this.client.session.pause(tookMs * (1 + chance), signal);
    }
    throw this.overwritten(subject);
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
      if (!UNKNOWN_QUESTION.includes(value.status)) {
        throw await this.client.refused(value, { action: 'read', subject: this.client.spell(digest) });
      }
      value.discard();
      return undefined;
    }
  }

  /** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#referrers-tag-schema */
  private async fromTag(digest: string, signal: AbortSignal | undefined): Promise<readonly Descriptor[]> {
    const list = await this.listUnderTag(digest, signal);
    return list === undefined || list === 'no list' ? [] : list.index.manifests;
  }

  private async listUnderTag(
    digest: string,
    signal: AbortSignal | undefined,
  ): Promise<ReferrersList | 'no list' | undefined> {
    try {
      const { bytes, descriptor } = await this.manifests.get(referrersTag(digest), signal);
      const parsed = parseManifest(bytes, descriptor);
      return parsed.kind === 'index' ? { index: parsed.index, digest: descriptor.digest } : 'no list';
    } catch (error) {
      if (error instanceof RegistryError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Says which digest the list has. */
  private async writeList(
    list: StoredManifest,
    subject: Descriptor,
    signal: AbortSignal | undefined,
  ): Promise<string> {
    await this.manifests.put(list, referrersTag(subject.digest), signal);
    return list.descriptor.digest;
  }

  private overwritten({ digest }: Descriptor): EcliError {
    const tag = this.client.spell(referrersTag(digest));
    return new EcliError('REMOTE_FAILED', `${tag}: other clients overwrite it again and again`, {
      hint: 'the manifest was stored, but this list may lack it; push it again when they are done',
    });
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
