import { digestOf, EcliError } from '@ecli/core';
import { type Descriptor, type Manifest, OciMediaType, parseManifest, type Target } from '@ecli/oci';

/**
 * A repository in memory that does what it is told: it keeps what is pushed, lists referrers by the manifests'
 * subjects, and serves what a test has put there, true or not. It models no rights and no network.
 */
export class MemoryTarget implements Target {
  readonly contents = new Map<string, { descriptor: Descriptor; bytes: Uint8Array }>();
  readonly tags = new Map<string, Descriptor>();
  /** Digests in the order in which they were asked for. */
  readonly fetched: string[] = [];

  add(mediaType: string, content: Uint8Array | object): Descriptor {
    const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content));
    const descriptor = { mediaType, digest: digestOf(bytes), size: bytes.length };
    this.contents.set(descriptor.digest, { descriptor, bytes });
    return descriptor;
  }

  /** An image with one layer, as programs are. */
  addImage(content = 'a program'): Descriptor {
    return this.add(OciMediaType.manifest, {
      schemaVersion: 2,
      mediaType: OciMediaType.manifest,
      config: this.add(OciMediaType.empty, {}),
      layers: [this.add('application/json', Buffer.from(content))],
    });
  }

  bytesOf(digest: string): Uint8Array {
    const content = this.contents.get(digest);
    if (!content) throw new EcliError('ARTIFACT_NOT_FOUND', `${digest}: not there`);
    return content.bytes;
  }

  manifest({ digest, mediaType }: Descriptor): Manifest {
    const parsed = parseManifest(this.bytesOf(digest), mediaType);
    if (parsed.kind !== 'manifest') throw new Error('an index');
    return parsed.manifest;
  }

  async resolve(tagOrDigest: string): Promise<Descriptor> {
    const found = this.tags.get(tagOrDigest) ?? this.contents.get(tagOrDigest)?.descriptor;
    if (!found) throw new EcliError('ARTIFACT_NOT_FOUND', `${tagOrDigest}: not there`);
    return found;
  }

  async fetch({ digest }: Descriptor): Promise<AsyncIterable<Uint8Array>> {
    this.fetched.push(digest);
    const bytes = this.bytesOf(digest);
    return (async function* () {
      yield bytes;
    })();
  }

  async exists({ digest }: Descriptor): Promise<boolean> {
    return this.contents.has(digest);
  }

  async push(descriptor: Descriptor, open: () => AsyncIterable<Uint8Array>): Promise<void> {
    const pieces: Uint8Array[] = [];
    for await (const piece of open()) pieces.push(piece);
    this.contents.set(descriptor.digest, { descriptor, bytes: Buffer.concat(pieces) });
  }

  async tag(descriptor: Descriptor, tag: string): Promise<void> {
    this.tags.set(tag, descriptor);
  }

  async referrers({ digest }: Descriptor, artifactType?: string): Promise<readonly Descriptor[]> {
    const manifests = [...this.contents.values()].filter(
      ({ descriptor }) => descriptor.mediaType === OciMediaType.manifest,
    );
    return manifests.flatMap(({ descriptor }) => {
      const { subject, artifactType: type, annotations } = this.manifest(descriptor);
      if (subject?.digest !== digest || (artifactType !== undefined && artifactType !== type)) return [];
      return [{ ...descriptor, ...(type && { artifactType: type }), ...(annotations && { annotations }) }];
    });
  }
}
