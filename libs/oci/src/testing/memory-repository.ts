import { createHash } from 'node:crypto';
import type { Descriptor } from '../types.ts';

export interface StoredManifest {
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** One repository's content. */
export class MemoryRepository {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, StoredManifest>();
  readonly tags = new Map<string, string>();

  /**
   * Stores a manifest under its digest, and under `reference` where that is a tag; says its digest and subject.
   * A subject need not be there. @throws RegistryRefusal
   */
  putManifest(reference: string, manifest: StoredManifest): { digest: string; subject: string | undefined } {
    const isDigest = reference.includes(':');
    const digest = digestOf(manifest.bytes, isDigest ? reference : 'sha256:');
    if (isDigest && digest !== reference) throw new RegistryRefusal(400, 'DIGEST_INVALID');
    const { config, layers = [], manifests = [], subject } = documentOf(manifest);
    const blobs = [...(config ? [config] : []), ...layers];
    const isComplete =
      blobs.every((blob) => this.blobs.has(blob.digest)) &&
      manifests.every((child) => this.manifests.has(child.digest));
    if (!isComplete) throw new RegistryRefusal(400, 'MANIFEST_BLOB_UNKNOWN');
    this.manifests.set(digest, manifest);
    if (!isDigest) this.tags.set(reference, digest);
    return { digest, subject: subject?.digest };
  }

  findManifest(reference: string): (StoredManifest & { digest: string }) | undefined {
    const digest = reference.includes(':') ? reference : this.tags.get(reference);
    const manifest = digest === undefined ? undefined : this.manifests.get(digest);
    return manifest && digest !== undefined ? { ...manifest, digest } : undefined;
  }

  /** Takes a tag away, or a manifest with all its tags. */
  deleteManifest(reference: string): boolean {
    if (!reference.includes(':')) return this.tags.delete(reference);
    for (const [tag, digest] of this.tags) if (digest === reference) this.tags.delete(tag);
    return this.manifests.delete(reference);
  }

  /** Describes the manifests whose subject `digest` is, as the distribution specification's "Listing Referrers" says. */
  referrers(digest: string): Descriptor[] {
    return [...this.manifests].flatMap(([own, manifest]) => {
      const { subject, artifactType, config, annotations } = documentOf(manifest);
      if (subject?.digest !== digest) return [];
      const type = artifactType ?? config?.mediaType;
      return {
        mediaType: manifest.mediaType,
        digest: own,
        size: manifest.bytes.length,
        ...(type !== undefined && { artifactType: type }),
        ...(annotations && { annotations }),
      };
    });
  }
}

/** An answer that says no, with one of the specification's error codes. */
export class RegistryRefusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
  ) {
    super(code);
  }
}

/** The digest of `bytes` by the algorithm of `like`. @throws RegistryRefusal where that is none */
export function digestOf(bytes: Uint8Array, like: string): string {
  const [algorithm = ''] = like.split(':');
  if (algorithm !== 'sha256' && algorithm !== 'sha512') throw new RegistryRefusal(400, 'DIGEST_INVALID');
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** What of a manifest or an index the registry looks at. */
interface Document {
  readonly artifactType?: string;
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
  readonly manifests?: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

function documentOf({ bytes }: StoredManifest): Document {
  try {
    return JSON.parse(bytes.toString()) as Document;
  } catch {
    throw new RegistryRefusal(400, 'MANIFEST_INVALID');
  }
}
