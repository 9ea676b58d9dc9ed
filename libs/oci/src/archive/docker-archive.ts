import { posix } from 'node:path';
import { digestOf, EcliError, printable } from '@ecli/core';
import type { BlobStore } from '../layout/blob-store.ts';
import { JsonReader, type JsonValue } from '../manifest/read-json.ts';
import { isReference, parseReference } from '../reference/parse-reference.ts';
import { spellReference } from '../reference/image-reference.ts';
import { Annotation, type Descriptor, type Manifest, OciMediaType } from '../types.ts';

/** A file of the archive that lies among the blobs now. */
export interface StoredFile {
  readonly digest: string;
  readonly size: number;
  /** Its first bytes. */
  readonly begin: Uint8Array;
}

const MOST_IMAGES = 10_000;
const MOST_LAYERS = 10_000;

/**
 * Makes images of what `docker save` writes: a list of configurations and layers by their paths in the archive,
 * and no manifests.
 *
 * https://github.com/moby/docker-image-spec/blob/v1.3.1/spec.md#combined-image-json--filesystem-changeset-format
 */
export class DockerArchive {
  private readonly reader: JsonReader;

  constructor(
    private readonly name: string,
    private readonly blobs: BlobStore,
    private readonly find: (path: string) => StoredFile | undefined,
  ) {
    this.reader = new JsonReader(`${name}: manifest.json`);
  }

  /** Writes the images' manifests, and returns the index that names them. @throws MANIFEST_INVALID */
  async index(list: Uint8Array): Promise<Uint8Array> {
    const images = this.reader.array({ value: this.parse(list), path: '' }, MOST_IMAGES);
    const manifests: Descriptor[] = [];
    for (const image of images) manifests.push(...(await this.image(image)));
    const index = { schemaVersion: 2, mediaType: OciMediaType.index, manifests };
    return Buffer.from(JSON.stringify(index));
  }

  private parse(list: Uint8Array): unknown {
    // The reader takes documents that are objects.
    return this.reader.parse(Buffer.concat([Buffer.from('{"list":'), list, Buffer.from('}')]))['list'];
  }

  private async image(at: JsonValue): Promise<Descriptor[]> {
    const { reader } = this;
    const object = reader.object(at);
    const member = (name: string): JsonValue => ({ value: object[name], path: `${at.path}.${name}` });
    const config = this.file(reader.text(member('Config')));
    const layers = reader.array(member('Layers'), MOST_LAYERS).map((layer) => this.file(reader.text(layer)));
    const tags = reader.array({ value: object['RepoTags'] ?? [], path: `${at.path}.RepoTags` }, MOST_IMAGES);
    const descriptor = await this.writeManifest(config, layers);
    const names = tags.map((tag) => reader.text(tag)).filter(isReference);
    if (names.length === 0) return [descriptor];
    return names.map((name) => {
      const annotations = { [Annotation.refName]: spellReference(parseReference(name)) };
      return { ...descriptor, annotations };
    });
  }

  private file(path: string): StoredFile {
    const stored = this.find(posix.normalize(path));
    if (stored) return stored;
    throw new EcliError('MANIFEST_INVALID', `${printable(this.name)}: ${printable(path)} isn't in it`);
  }

  private async writeManifest(config: StoredFile, layers: readonly StoredFile[]): Promise<Descriptor> {
    const manifest: Manifest = {
      schemaVersion: 2,
      mediaType: OciMediaType.manifest,
      config: describe(config, OciMediaType.imageConfig),
      layers: layers.map((layer) => {
        return describe(layer, isGzip(layer) ? OciMediaType.layerTarGzip : OciMediaType.layerTar);
      }),
    };
    const bytes = Buffer.from(JSON.stringify(manifest));
    const descriptor = { mediaType: OciMediaType.manifest, digest: digestOf(bytes), size: bytes.length };
    await this.blobs.write(descriptor, () => onePiece(bytes));
    return descriptor;
  }
}

function describe({ digest, size }: StoredFile, mediaType: string): Descriptor {
  return { mediaType, digest, size };
}

function isGzip({ begin }: StoredFile): boolean {
  return begin[0] === 0x1f && begin[1] === 0x8b;
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
