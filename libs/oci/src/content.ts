import type { Credentials } from '@ecli/core';
import type { Descriptor } from './types.ts';

/**
 * What a place for content can do, one verb an interface: a repository of a registry and an image layout on disk
 * do all of them, and whoever copies or verifies asks for those it uses.
 */
export interface Fetcher {
  /**
   * Opens the content that `descriptor` names. What comes is checked while it is read: the iteration fails with
   * DIGEST_MISMATCH at its end, or as soon as there is too much, and whoever has not read to the end has checked
   * nothing. @throws ARTIFACT_NOT_FOUND
   */
  fetch(descriptor: Descriptor, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

/** Content that is yet to be checked, for those who check what they store: hashing it twice takes its time. */
export interface UncheckedFetcher {
  /** As `fetch`, but what comes may be anything, and more or less than was promised. @throws ARTIFACT_NOT_FOUND */
  fetchUnchecked(descriptor: Descriptor, signal?: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

export interface Resolver {
  /** Finds what a tag or digest names. @throws ARTIFACT_NOT_FOUND */
  resolve(tagOrDigest: string, signal?: AbortSignal): Promise<Descriptor>;
}

export interface Pusher {
  exists(descriptor: Descriptor, signal?: AbortSignal): Promise<boolean>;
  /**
   * Stores content that is checked on the way: nothing stays of what isn't what `descriptor` names.
   * `open` may be called again after a failure that passes.
   */
  push(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    options?: { readonly signal?: AbortSignal; readonly sent?: (bytes: number) => void },
  ): Promise<void>;
}

export interface Mounter {
  /** Takes the blob over from another repository of the same registry; false where that can't be had. */
  mount(descriptor: Descriptor, from: string, signal?: AbortSignal): Promise<boolean>;
}

export interface Tagger {
  tag(descriptor: Descriptor, tag: string, signal?: AbortSignal): Promise<void>;
}

export interface ReferrerLister {
  /** What refers to `descriptor` as its subject, of one artifact type or of any. */
  referrers(
    descriptor: Descriptor,
    artifactType?: string,
    signal?: AbortSignal,
  ): Promise<readonly Descriptor[]>;
}

export type ReadTarget = Fetcher & Resolver & ReferrerLister;
export type Target = ReadTarget & Pusher & Tagger;

/** Where credentials come from. */
export interface CredentialStore {
  /**
   * Finds what is stored for a repository: the longest path that has any, then the registry as a whole.
   * Undefined when there are none: then anonymous is tried. @throws SETTINGS_INVALID for a file that can't be read
   */
  find(registry: string, repository?: string): Promise<StoredCredentials | undefined>;
}

/** A name and password, an identity token that buys access tokens, or an access token itself. */
export type StoredCredentials =
  | ({ readonly kind: 'password'; readonly origin: string } & Credentials)
  | { readonly kind: 'identity-token'; readonly token: string; readonly origin: string }
  | { readonly kind: 'registry-token'; readonly token: string; readonly origin: string };
