import { EcliError } from '@ecli/core';
import type * as Tar from 'tar';
import type { Pusher, Target } from '../content.ts';
import { ContentVerifier } from '../manifest/content-verifier.ts';
import { isManifestMediaType, MANIFEST_LIMIT_BYTES, parseManifest } from '../manifest/parse-manifest.ts';
import { Annotation, type Descriptor, OciMediaType } from '../types.ts';

/** Takes the bytes of an archive in order; resolves once it wants more. */
export type WriteBytes = (bytes: Uint8Array) => Promise<void>;

const BLOCK_BYTES = 512;
/** Two empty blocks end an archive (tar(5)). */
const END = new Uint8Array(2 * BLOCK_BYTES);

interface NamedDescriptor {
  readonly descriptor: Descriptor;
  readonly name: string | undefined;
}

/**
 * An OCI image layout in a tar, as something to copy to: `skopeo copy oci-archive:…` reads it. What is copied in
 * the same order gives the same bytes: nothing in it tells of times, users or machines.
 */
export class TarArchive implements Target {
  private readonly written = new Set<string>();
  private readonly entries: NamedDescriptor[] = [];

  private constructor(
    private readonly write: WriteBytes,
    private readonly tar: typeof Tar,
  ) {}

  /** Begins an archive. */
  static async begin(write: WriteBytes): Promise<TarArchive> {
    const archive = new TarArchive(write, await import('tar'));
    await archive.file('oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    return archive;
  }

  /** Writes what names the images, and the end. */
  async finish(): Promise<void> {
    const manifests = this.entries.map(({ descriptor: { mediaType, digest, size }, name }) => ({
      mediaType,
      digest,
      size,
      ...(name !== undefined && { annotations: { [Annotation.refName]: name } }),
    }));
    const index = { schemaVersion: 2, mediaType: OciMediaType.index, manifests };
    await this.file('index.json', JSON.stringify(index));
    await this.write(END);
  }

  async exists({ digest }: Descriptor): Promise<boolean> {
    return this.written.has(digest);
  }

  /** Must not be called again before it is done. @throws DIGEST_MISMATCH: the archive is good for nothing then */
  async push(...[descriptor, open, options = {}]: Parameters<Pusher['push']>): Promise<void> {
    const { digest, size, mediaType } = descriptor;
    if (this.written.has(digest)) return;
    const verifier = new ContentVerifier(descriptor);
    const isManifest = isManifestMediaType(mediaType) && size <= MANIFEST_LIMIT_BYTES;
    const pieces: Uint8Array[] = [];
    await this.write(this.header(`blobs/${digest.replace(':', '/')}`, size));
    for await (const piece of open()) {
      options.signal?.throwIfAborted();
      verifier.take(piece);
      await this.write(piece);
      if (isManifest) pieces.push(piece);
      options.sent?.(piece.length);
    }
    verifier.finish();
    await this.write(paddingAfter(size));
    this.written.add(digest);
    // As in a layout on disk, what refers to something else is found by the index.
    if (isManifest && hasSubject(Buffer.concat(pieces), descriptor))
      this.entries.push({ descriptor, name: undefined });
  }

  async tag(descriptor: Descriptor, name: string): Promise<void> {
    this.entries.push({ descriptor, name });
  }

  async resolve(reference: string): Promise<Descriptor> {
    throw unreadable(reference);
  }

  async fetch({ digest }: Descriptor): Promise<AsyncIterable<Uint8Array>> {
    throw unreadable(digest);
  }

  async referrers(): Promise<readonly Descriptor[]> {
    return [];
  }

  private async file(path: string, text: string): Promise<void> {
    const bytes = Buffer.from(text);
    await this.write(this.header(path, bytes.length));
    await this.write(bytes);
    await this.write(paddingAfter(bytes.length));
  }

  private header(path: string, size: number): Uint8Array {
    const { Header, Pax } = this.tar;
    const fields = { path, size, mode: 0o644, uid: 0, gid: 0, mtime: new Date(0) };
    const header = new Header({ ...fields, type: 'File' });
    const block = Buffer.alloc(BLOCK_BYTES);
    // The name of a sha512 blob is longer than a plain header takes.
    const needsMore = header.encode(block, 0);
    return needsMore ? Buffer.concat([new Pax({ path, size }).encode(), block]) : block;
  }
}

function paddingAfter(size: number): Uint8Array {
  return new Uint8Array((BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES);
}

function hasSubject(bytes: Uint8Array, descriptor: Descriptor): boolean {
  const parsed = parseManifest(bytes, descriptor);
  return (parsed.kind === 'index' ? parsed.index : parsed.manifest).subject !== undefined;
}

function unreadable(name: string): EcliError {
  return new EcliError('ARTIFACT_NOT_FOUND', `${name}: an archive that is being written can't be read`);
}
