import type { Credentials } from '@ecli/core';

/** Names an image: the registry, the repository in it, and a tag or digest there. */
export interface ImageReference {
  /** A host and, where it isn't the scheme's own, a port: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly registry: string;
  /** `eunomia-bpf/sigsnoop`; of Docker's own images with their `library/`. */
  readonly repository: string;
  readonly tag?: string;
  /** Counts instead of the tag where both are given. */
  readonly digest?: string;
  /** Those that were written into the reference. */
  readonly credentials?: Credentials;
  /** Present where it was written. */
  readonly scheme?: 'http' | 'https';
}

/** The tag that is meant where neither tag nor digest is given. */
export const DEFAULT_TAG = 'latest';

/** What the reference names in its repository: the digest, else the tag, else `latest`. */
export function tagOrDigestOf({ tag, digest }: ImageReference): string {
  return digest ?? tag ?? DEFAULT_TAG;
}

/** Spells the repository in full, with its registry. */
export function spellRepository({ registry, repository }: ImageReference): string {
  return `${registry}/${repository}`;
}

/** Spells the reference in full, `latest` too where nothing else is given, and never with credentials or a scheme. */
export function spellReference(reference: ImageReference): string {
  const { tag, digest } = reference;
  const spelledTag = tag ?? (digest === undefined ? DEFAULT_TAG : undefined);
  return [
    spellRepository(reference),
    ...(spelledTag === undefined ? [] : [`:${spelledTag}`]),
    ...(digest === undefined ? [] : [`@${digest}`]),
  ].join('');
}
