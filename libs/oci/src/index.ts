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
} from './content.ts';
export { choosePlatform } from './manifest/choose-platform.ts';
export { ContentVerifier, digestLike } from './manifest/content-verifier.ts';
export { fetchAll, type FetchAllOptions } from './manifest/fetch-all.ts';
export {
  isIndexMediaType,
  isManifestMediaType,
  MANIFEST_LIMIT_BYTES,
  MANIFEST_MEDIA_TYPES,
  parseManifest,
  type ParsedManifest,
} from './manifest/parse-manifest.ts';
export { ownPlatform, parsePlatform, spellPlatform } from './manifest/platform.ts';
export { type Blob, type PackedProgram, type PackOptions, packProgram } from './program/pack-program.ts';
export { type ProgramContent, programContentOf, programMediaType } from './program/program-content.ts';
export { type ProgramLayer, programLayerOf } from './program/program-layer.ts';
export { isDigest, isTag } from './reference/grammar.ts';
export {
  DEFAULT_TAG,
  type ImageReference,
  spellReference,
  spellRepository,
  tagOrDigestOf,
} from './reference/image-reference.ts';
export { isReference, parseReference, parseRegistryHost } from './reference/parse-reference.ts';
export {
  Annotation,
  type Descriptor,
  type Index,
  type Manifest,
  OciMediaType,
  type Platform,
} from './types.ts';
