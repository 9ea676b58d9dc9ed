import type { Artifact, FetchContext, Source } from '@ecli/core';
import type { UrlSourceOptions } from './url-settings.ts';

const SCHEME = /^https?:\/\//i;

/** Reads programs from web servers, by way of a cache. */
export class UrlSource implements Source {
  readonly name = 'url';
  readonly takes = 'an http(s) URL';

  constructor(private readonly options: UrlSourceOptions = {}) {}

  supports(reference: string): boolean {
    return SCHEME.test(reference);
  }

  /**
   * @throws REFERENCE_UNSUPPORTED, NETWORK_FAILED, REGISTRY_DENIED, ARTIFACT_NOT_FOUND, ARTIFACT_TOO_LARGE,
   * ARTIFACT_UNREADABLE, RATE_LIMITED, REMOTE_FAILED, DIGEST_MISMATCH
   */
  async fetch(reference: string, context: FetchContext): Promise<Artifact> {
    context.signal.throwIfAborted();
    const { fetchProgram } = await import('./fetch-program.ts');
    return fetchProgram(reference, context, { environment: process.env, ...this.options });
  }
}
