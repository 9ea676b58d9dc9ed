import { describeReferrer } from '../manifest/describe-referrer.ts';
import { isManifestMediaType, type ParsedManifest, parseManifest } from '../manifest/parse-manifest.ts';
import type { Descriptor } from '../types.ts';
import type { BlobStore } from './blob-store.ts';
import type { IndexEntry } from './index-file.ts';

/** Reads a manifest or index that a layout has; undefined when it isn't there or can't be read as one. */
export async function readManifest(
  blobs: BlobStore,
  descriptor: Descriptor,
): Promise<ParsedManifest | undefined> {
  if (!isManifestMediaType(descriptor.mediaType)) return undefined;
  const bytes = await blobs.read(descriptor);
  try {
    return bytes && parseManifest(bytes, descriptor);
  } catch {
    return undefined;
  }
}

/** What a manifest or index refers to as its subject. */
export function subjectOf(parsed: ParsedManifest | undefined): Descriptor | undefined {
  return parsed && (parsed.kind === 'index' ? parsed.index : parsed.manifest).subject;
}

/**
 * Finds what refers to `subject` among what an index names, described as a registry's referrers API does.
 *
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers
 */
export async function findReferrers(
  blobs: BlobStore,
  entries: readonly IndexEntry[],
  subject: Descriptor,
  artifactType?: string,
): Promise<Descriptor[]> {
  const byDigest = new Map(entries.map(({ descriptor }) => [descriptor.digest, descriptor]));
  const found: Descriptor[] = [];
  for (const { mediaType, digest, size } of byDigest.values()) {
    const parsed = await readManifest(blobs, { mediaType, digest, size });
    if (!parsed || subjectOf(parsed)?.digest !== subject.digest) continue;
    found.push(describeReferrer(parsed));
  }
  return artifactType === undefined ? found : found.filter((each) => each.artifactType === artifactType);
}
