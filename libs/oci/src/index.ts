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
export {
  Annotation,
  type Descriptor,
  type Index,
  type Manifest,
  OciMediaType,
  type Platform,
} from './types.ts';
