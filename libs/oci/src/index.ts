/**
 * Turns a reference into verified content and back: registries over the distribution API, image layouts on
 * disk, and what copies between the two.
 *
 *     reference ──▶ Registry ──▶ Repository ─┐
 *                                            ├─ Target ── copyImage ──▶ Target
 *     folder ─────▶ ImageLayout ─────────────┘
 *
 * Read types.ts (the documents) and content.ts (what a place for content can do) first.
 */
export { type ArchiveStream, type LoadedImage, loadImages, type LoadOptions } from './archive/load-images.ts';
export { copyAll, type SavedImage, saveImages, type SaveOptions } from './archive/save-images.ts';
export type { WriteBytes } from './archive/tar-archive.ts';
export type {
  CredentialStore,
  Fetcher,
  Mounter,
  Pusher,
  ReadTarget,
  ReferrerLister,
  Resolver,
  StoredCredentials,
  Tagger,
  Target,
  UncheckedFetcher,
} from './content.ts';
export { CopyError, type CopySide } from './copy/copy-error.ts';
export { copyImage, type CopyOptions, type CopyTarget } from './copy/copy-image.ts';
export { cosignTag } from './copy/copy-referrers.ts';
export { credentialFiles, whereCredentialsAre } from './credentials/credential-files.ts';
export { type CredentialStoreOptions, findCredentialStore } from './credentials/credential-store.ts';
export { parseRegistryAddress, type RegistryAddress } from './credentials/registry-address.ts';
export { type RegistryScope, spellScope } from './credentials/registry-key.ts';
export {
  type CredentialPlace,
  eraseAllCredentials,
  eraseCredentials,
  expectCarriable,
  saveCredentials,
} from './credentials/save-credentials.ts';
export type { OpenContent } from './layout/blob-store.ts';
export { cacheFolder } from './layout/cache-folder.ts';
export { ImageLayout, type LayoutOptions } from './layout/image-layout.ts';
export type { IngestOptions } from './layout/ingest.ts';
export type { LayoutEntry } from './layout/layout-entry.ts';
export { LayoutRepository } from './layout/layout-repository.ts';
export { makeFolders } from './layout/make-folders.ts';
export type { PruneOptions, Removal, RemovedImage } from './layout/prune.ts';
export { choosePlatform } from './manifest/choose-platform.ts';
export { digestLike } from './manifest/content-verifier.ts';
export { fetchAll, type FetchAllOptions } from './manifest/fetch-all.ts';
export { MANIFEST_LIMIT_BYTES, parseManifest, type ParsedManifest } from './manifest/parse-manifest.ts';
export { ownPlatform, spellPlatform } from './manifest/platform.ts';
export { type Blob, type PackedProgram, type PackOptions, packProgram } from './program/pack-program.ts';
export { packedSource } from './program/packed-source.ts';
export { type ProgramContent, programContentOf, programMediaType } from './program/program-content.ts';
export { type ProgramLayer, programLayerOf } from './program/program-layer.ts';
export { transferFailure } from './program/transfer-failure.ts';
export { isDigest, isTag } from './reference/grammar.ts';
export {
  DEFAULT_TAG,
  type ImageReference,
  spellReference,
  spellRepository,
  tagOrDigestOf,
} from './reference/image-reference.ts';
export { isReference, parseReference } from './reference/parse-reference.ts';
export type { StoredManifest } from './registry/manifest-store.ts';
export { RegistryError, type RegistryReason } from './registry/registry-error.ts';
export { isAbsence } from './registry/absence.ts';
export { type RegistryOptions, transportOf } from './registry/registry-options.ts';
export { Registry } from './registry/registry.ts';
export { Repository } from './registry/repository.ts';
export { isReferrersTag } from './registry/tags.ts';
export {
  Annotation,
  type Descriptor,
  type Index,
  type Manifest,
  OciMediaType,
  type Platform,
} from './types.ts';
