import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EcliError, printable } from '@ecli/core';
import { cacheFailure } from '../layout/cache-error.ts';
import { makeLayout } from '../layout/layout-folders.ts';
import { makeFolders } from '../layout/make-folders.ts';
import { BlobStore } from '../layout/blob-store.ts';
import { isDigest } from '../reference/grammar.ts';
import { DockerArchive, type StoredFile } from './docker-archive.ts';
import { readTar, type TarFile, type TarVisitor } from './read-tar.ts';

/** Larger than any list of images. */
const DOCUMENT_LIMIT_BYTES = 16 * 1024 * 1024;
const BLOB = /^blobs\/(?<algorithm>sha256|sha512)\/(?<hex>[0-9a-f]+)$/;
const DOCUMENTS: readonly string[] = ['index.json', 'manifest.json'];

/**
 * Unpacks an archive of images into `folder`, as an image layout: one that `docker save` wrote is made into one.
 * Blobs are checked on the way; of all else nothing but the index is written.
 *
 * @throws MANIFEST_INVALID, DIGEST_MISMATCH, ARTIFACT_TOO_LARGE, CACHE_FAILED
 */
export async function unpackArchive(
  name: string,
  input: AsyncIterable<Uint8Array>,
  folder: string,
  signal?: AbortSignal,
): Promise<void> {
  await writing(folder, () => {
    makeFolders(folder, 0o700);
    makeLayout(folder);
  });
  const unpacking = new Unpacking(name, new BlobStore(folder, () => undefined));
  await readTar(name, input, unpacking, { signal });
  const index = await unpacking.index();
  await writing(folder, () => writeFile(join(folder, 'index.json'), index));
}

/** @throws CACHE_FAILED */
async function writing(folder: string, work: () => Promise<void> | void): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw cacheFailure(folder, error);
  }
}

class Unpacking implements TarVisitor {
  private readonly documents = new Map<string, Uint8Array>();
  private readonly files = new Map<string, StoredFile>();
  private readonly links = new Map<string, string>();

  constructor(
    private readonly name: string,
    private readonly blobs: BlobStore,
  ) {}

  async file(file: TarFile): Promise<void> {
    const { path, size, content } = file;
    const { algorithm, hex } = BLOB.exec(path)?.groups ?? {};
    if (DOCUMENTS.includes(path)) this.documents.set(path, await this.readDocument(file));
    else if (algorithm !== undefined && hex !== undefined) {
      const digest = `${algorithm}:${hex}`;
      if (!isDigest(digest)) throw this.invalid(`${path}: not a digest`);
      await this.blobs.write({ digest, size }, () => content);
      this.files.set(path, { digest, size, begin: new Uint8Array() });
    } else if (path !== 'oci-layout') this.files.set(path, await this.store(file));
  }

  link(path: string, target: string): void {
    this.links.set(path, target);
  }

  /** The index of the layout: the archive's own, or one of what `docker save` lists. */
  async index(): Promise<Uint8Array> {
    const own = this.documents.get('index.json');
    if (own) return own;
    const list = this.documents.get('manifest.json');
    if (!list) throw this.invalid('neither index.json nor manifest.json is in it');
    const find = (path: string): StoredFile | undefined =>
      this.files.get(path) ?? this.files.get(this.links.get(path) ?? '');
    return new DockerArchive(this.name, this.blobs, find).index(list);
  }

  private async readDocument({ path, size, content }: TarFile): Promise<Uint8Array> {
    if (size > DOCUMENT_LIMIT_BYTES) throw this.invalid(`${path}: ${size} bytes`);
    const pieces: Uint8Array[] = [];
    for await (const piece of content) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  }

  /** Content that another kind of archive has under a name of its own. */
  private async store({ content, size }: TarFile): Promise<StoredFile> {
    const draft = await this.blobs.draft();
    const hash = createHash('sha256');
    let begin: Uint8Array = new Uint8Array();
    try {
      for await (const piece of content) {
        if (begin.length === 0) begin = Buffer.from(piece.subarray(0, 16));
        hash.update(piece);
        await draft.append(piece);
      }
      const digest = `sha256:${hash.digest('hex')}`;
      await draft.keepAs(digest);
      return { digest, size, begin };
    } finally {
      await draft.discard();
    }
  }

  private invalid(problem: string): EcliError {
    return new EcliError('MANIFEST_INVALID', `${printable(this.name)}: ${printable(problem)}`, {
      hint: 'an archive of images is what ecli image save, skopeo (oci-archive:) and docker save write',
    });
  }
}
