import { EcliError, printable } from '@ecli/core';
import type { HttpResponse } from '@ecli/http';
import { digestLike } from '../manifest/content-verifier.ts';
import {
  isManifestMediaType,
  MANIFEST_LIMIT_BYTES,
  MANIFEST_MEDIA_TYPES,
  parseManifest,
} from '../manifest/parse-manifest.ts';
import { isDigest, isTag } from '../reference/grammar.ts';
import type { Descriptor } from '../types.ts';
import type { RepositoryClient } from './repository-client.ts';

/** A manifest's bytes, which are what its descriptor says. */
export interface StoredManifest {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** What a registry said to a manifest that it was sent. */
export interface ManifestReceipt {
  /** It keeps the list of what refers to the subject itself (distribution-spec, "Pushing Manifests with Subject"). */
  readonly listsReferrers: boolean;
}

/** 201 by the specification; older registries, Quay's among them, say 202. */
const STORED: readonly number[] = [200, 201, 202];

const ACCEPT = MANIFEST_MEDIA_TYPES.join(', ');

/** Reads and writes the manifests of one repository. */
export class ManifestStore {
  constructor(
    private readonly client: RepositoryClient,
    /** What to say of a tag that isn't there. */
    private readonly hintForMissing: (
      tagOrDigest: string,
      signal?: AbortSignal,
    ) => Promise<string | undefined>,
  ) {}

  /**
   * Fetches a manifest and checks it: against the digest that was asked for, and what the registry says it is.
   *
   * @throws ARTIFACT_NOT_FOUND, DIGEST_MISMATCH, MANIFEST_INVALID
   */
  async get(tagOrDigest: string, signal?: AbortSignal): Promise<StoredManifest> {
    const response = await this.request('GET', tagOrDigest, signal);
    if (response.status !== 200) {
      const hint = response.status === 404 ? await this.hintForMissing(tagOrDigest, signal) : undefined;
      throw await this.client.refused(response, {
        action: 'read',
        subject: this.client.spell(tagOrDigest),
        hint,
      });
    }
    const bytes = await response.bytes(MANIFEST_LIMIT_BYTES);
    const digest = this.checkDigest(bytes, tagOrDigest, statedDigest(response));
    const { descriptor } = parseManifest(bytes, response.headers['content-type'] ?? '');
    return { descriptor: { ...descriptor, digest }, bytes };
  }

  /** Finds what a tag or digest names, without fetching it where the registry tells all that is needed. */
  async resolve(tagOrDigest: string, signal?: AbortSignal): Promise<Descriptor> {
    const response = await this.request('HEAD', tagOrDigest, signal);
    response.discard();
    const descriptor = response.status === 200 ? this.describe(response, tagOrDigest) : undefined;
    return descriptor ?? (await this.get(tagOrDigest, signal)).descriptor;
  }

  async exists({ digest }: Descriptor, signal?: AbortSignal): Promise<boolean> {
    const response = await this.request('HEAD', digest, signal);
    if (response.status !== 200 && response.status !== 404) {
      throw await this.client.refused(response, { action: 'read', subject: this.client.spell(digest) });
    }
    response.discard();
    return response.status === 200;
  }

  /** Stores a manifest under a tag or its digest. @throws DIGEST_MISMATCH when the registry says it has another */
  async put(
    { descriptor, bytes }: StoredManifest,
    tagOrDigest: string,
    signal?: AbortSignal,
  ): Promise<ManifestReceipt> {
    expectTagOrDigest(tagOrDigest);
    const response = await this.client.send(`manifests/${tagOrDigest}`, {
      method: 'PUT',
      action: 'write',
      headers: { 'content-type': descriptor.mediaType },
      body: bytes,
      signal,
    });
    if (!STORED.includes(response.status)) {
      throw await this.client.refused(response, { action: 'write', subject: this.client.spell(tagOrDigest) });
    }
    response.discard();
    this.checkDigest(bytes, descriptor.digest, statedDigest(response));
    return { listsReferrers: response.headers['oci-subject'] !== undefined };
  }

  async delete(digest: string, signal?: AbortSignal): Promise<void> {
    const response = await this.client.send(`manifests/${digest}`, {
      method: 'DELETE',
      action: 'delete',
      signal,
    });
    if (response.status !== 202 && response.status !== 200) {
      throw await this.client.refused(response, { action: 'delete', subject: this.client.spell(digest) });
    }
    response.discard();
  }

  private request(method: string, tagOrDigest: string, signal?: AbortSignal): Promise<HttpResponse> {
    expectTagOrDigest(tagOrDigest);
    const path = `manifests/${tagOrDigest}`;
    return this.client.send(path, { method, action: 'read', headers: { accept: ACCEPT }, signal });
  }

  /** What the headers say of a manifest; undefined when that isn't enough. */
  private describe(response: HttpResponse, tagOrDigest: string): Descriptor | undefined {
    const { 'content-type': mediaType = '', 'content-length': length = '' } = response.headers;
    const stated = statedDigest(response);
    const digest = isDigest(tagOrDigest) ? tagOrDigest : stated;
    if (digest === undefined || !isManifestMediaType(mediaType) || !/^[1-9]\d{0,9}$/.test(length))
      return undefined;
    if (stated !== undefined && stated !== digest && sameAlgorithm(stated, digest)) {
      throw this.mismatch(tagOrDigest, stated);
    }
    return { mediaType, digest, size: Number(length) };
  }

  /** The digest of `bytes`, which is the one asked for and the one that the registry states. */
  private checkDigest(bytes: Uint8Array, tagOrDigest: string, stated: string | undefined): string {
    const wanted = isDigest(tagOrDigest) ? [tagOrDigest] : [];
    const promised = [...wanted, ...(stated === undefined ? [] : [stated])];
    for (const digest of promised) {
      const found = digestLike(bytes, digest);
      if (found !== digest) throw this.mismatch(tagOrDigest, found, digest);
    }
    return promised[0] ?? digestLike(bytes, SHA256);
  }

  private mismatch(tagOrDigest: string, found: string, promised?: string): EcliError {
    const instead = promised === undefined || promised === tagOrDigest ? '' : ` instead of ${promised}`;
    return new EcliError(
      'DIGEST_MISMATCH',
      `${this.client.spell(tagOrDigest)}: the registry has a manifest with digest ${found}${instead}`,
      { hint: 'nothing of it was kept; if trying again gives the same, ask whoever runs the registry' },
    );
  }
}

/** Any digest of the algorithm that is used where none is stated. */
const SHA256 = `sha256:${'0'.repeat(64)}`;

/** Anything else would lead elsewhere in the registry. */
function expectTagOrDigest(text: string): void {
  if (isTag(text) || isDigest(text)) return;
  throw new EcliError('REFERENCE_UNSUPPORTED', `${printable(text)}: neither a tag nor a digest`);
}

function statedDigest({ headers }: HttpResponse): string | undefined {
  const digest = headers['docker-content-digest'];
  return typeof digest === 'string' && isDigest(digest) ? digest : undefined;
}

function sameAlgorithm(one: string, other: string): boolean {
  return one.split(':')[0] === other.split(':')[0];
}
