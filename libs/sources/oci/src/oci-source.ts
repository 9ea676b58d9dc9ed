import type { Artifact, FetchContext, Source } from '@ecli/core';
import type { ProgramDownload, PulledProgram } from './pull-program.ts';
import type { OciSourceOptions } from './pull-settings.ts';

const SCHEME = /^(?:oci|docker):\/\//i;

/** Reads programs from registries, by way of a cache. */
export class OciSource implements Source {
  readonly name = 'oci';
  readonly verifies = true;
  readonly takes = 'an image in a registry (HOST/NAME:TAG)';

  constructor(private readonly options: OciSourceOptions = {}) {}

  /**
   * Takes what has a slash and isn't a path or another kind of URL; whether it is a reference, `fetch` says. Words
   * without a slash are names of files that aren't here, and no images of Docker's library.
   */
  supports(reference: string): boolean {
    if (SCHEME.test(reference)) return true;
    return /^[^/.~-][^/]*\/./.test(reference) && !reference.includes('://');
  }

  /**
   * @throws REFERENCE_UNSUPPORTED, NETWORK_FAILED, REGISTRY_DENIED, ARTIFACT_NOT_FOUND, ARTIFACT_TOO_LARGE,
   * RATE_LIMITED, REMOTE_FAILED, DIGEST_MISMATCH, MANIFEST_INVALID, MEDIA_TYPE_UNSUPPORTED, TRUST_REFUSED
   */
  async fetch(reference: string, context: FetchContext): Promise<Artifact> {
    const { artifact } = await this.pull(reference, context);
    return artifact;
  }

  /** As `fetch`, and tells of the image around the program too. */
  async pull(reference: string, context: FetchContext): Promise<PulledProgram> {
    context.signal.throwIfAborted();
    const { pullProgram } = await import('./pull-program.ts');
    return pullProgram(reference, context, { environment: process.env, ...this.options });
  }

  /** As `pull`, without holding the program in memory while `take` saves it. */
  async download<Result>(
    reference: string,
    context: FetchContext,
    take: (program: ProgramDownload) => Promise<Result>,
  ): Promise<Result> {
    context.signal.throwIfAborted();
    const { downloadProgram } = await import('./pull-program.ts');
    return downloadProgram(reference, context, { environment: process.env, ...this.options }, take);
  }
}
