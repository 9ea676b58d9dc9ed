import { EcliError } from '@ecli/core';
import type { HttpResponse } from '@ecli/http';
import type { Descriptor } from '../types.ts';
import type { RepositoryClient } from './repository-client.ts';

/** An upload that a registry has opened: where its next request goes. */
export class UploadSession {
  private constructor(
    private location: URL,
    readonly leastChunkBytes: number,
    private readonly client: RepositoryClient,
  ) {}

  /** Reads where the upload goes from an answer's `Location`; undefined without one. */
  static of(response: HttpResponse, client: RepositoryClient): UploadSession | undefined {
    const { location, 'oci-chunk-min-length': least } = response.headers;
    if (location === undefined) return undefined;
    const bytes = Number(Array.isArray(least) ? least[0] : (least ?? 0));
    return new UploadSession(
      client.resolve(location, response),
      Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0,
      client,
    );
  }

  /** Where the next piece goes. */
  get next(): URL {
    return this.location;
  }

  /** Where the upload is ended as the blob `digest`. What the registry put into the query stays. */
  closing(digest: string): URL {
    const url = new URL(this.location);
    // Not by searchParams, which spells the rest anew: what was signed must stay as it is.
    url.search += `${url.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
    return url;
  }

  /** Moves on to where an answer says. */
  follow(response: HttpResponse): void {
    const { location } = response.headers;
    if (location !== undefined) this.location = this.client.resolve(location, response);
  }

  /** @throws RegistryError when the answer isn't that the blob is stored, DIGEST_MISMATCH when it is another */
  async expectStored(response: HttpResponse, { digest }: Descriptor): Promise<void> {
    if (response.status !== 201) {
      throw await this.client.refused(response, { action: 'write', subject: this.client.spell(digest) });
    }
    response.discard();
    const stored = response.headers['docker-content-digest'];
    if (typeof stored === 'string' && stored !== digest && stored.split(':')[0] === digest.split(':')[0]) {
      throw new EcliError(
        'DIGEST_MISMATCH',
        `${this.client.spell(digest)}: the registry stored something else`,
      );
    }
  }
}
