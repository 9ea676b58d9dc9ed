import type { Descriptor, Index, Manifest } from '../types.ts';
import { OciMediaType } from '../types.ts';
import { digestOf } from '@ecli/core';
import { parseDescriptor } from './parse-descriptor.ts';
import { invalid, type JsonObject, JsonReader } from './read-json.ts';

/** What a manifest's bytes are, and the descriptor that names them. */
export type ParsedManifest =
  | { readonly kind: 'manifest'; readonly manifest: Manifest; readonly descriptor: Descriptor }
  | { readonly kind: 'index'; readonly index: Index; readonly descriptor: Descriptor };

/** The size up to which registries must take manifests (distribution-spec, "Pushing Manifests"). */
export const MANIFEST_LIMIT_BYTES = 4 * 1024 * 1024;

/** Far more than any image has; what is read for each adds up. */
const MOST_ENTRIES = 10_000;

const MANIFESTS: readonly string[] = [OciMediaType.manifest, OciMediaType.dockerManifest];
const INDEXES: readonly string[] = [OciMediaType.index, OciMediaType.dockerIndex];

/** Docker's schema 1, which the image specification never took over. */
const SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)$/;

/** What is asked for of registries: they answer 404 to whoever doesn't say that he takes what they have. */
export const MANIFEST_MEDIA_TYPES: readonly string[] = [...MANIFESTS, ...INDEXES];

/** Tells whether content of this media type names other content. */
export function isManifestMediaType(mediaType: string): boolean {
  return MANIFEST_MEDIA_TYPES.includes(mediaType);
}

/**
 * Reads a manifest or index of OCI 1.0 or 1.1, or of Docker's schema 2. Members that it doesn't know may be
 * anything; those it knows are what they should be, or the error says which isn't. The bytes must have been
 * verified where they come with a descriptor.
 *
 * @throws MANIFEST_INVALID, and MEDIA_TYPE_UNSUPPORTED for a media type of something else
 */
export function parseManifest(bytes: Uint8Array, expected: Descriptor | string): ParsedManifest {
  const stated = typeof expected === 'string' ? { mediaType: expected } : expected;
  const name = 'digest' in stated ? stated.digest : 'manifest';
  if (bytes.length > MANIFEST_LIMIT_BYTES) {
    throw invalid(name, `${bytes.length} bytes, where a manifest may have ${MANIFEST_LIMIT_BYTES}`);
  }
  const reader = new JsonReader(name);
  const document = reader.parse(bytes);
  const mediaType = mediaTypeOf(document, essence(stated.mediaType), reader);
  const descriptor = 'digest' in stated ? stated : { mediaType, digest: digestOf(bytes), size: bytes.length };
  return INDEXES.includes(mediaType)
    ? { kind: 'index', index: parseIndex(document, reader), descriptor }
    : { kind: 'manifest', manifest: parseImage(document, reader), descriptor };
}

/** The media type without parameters. */
function essence(mediaType: string): string {
  return (mediaType.split(';', 1)[0] ?? '').trim().toLowerCase();
}

/**
 * The type that the document is read as. One that could be read as two things is refused: a manifest and an index
 * in one was CVE-2021-41190 (image-spec, "mediaType").
 */
function mediaTypeOf(document: JsonObject, stated: string, reader: JsonReader): string {
  const { name } = reader;
  refuseOtherSchemas(document, stated, reader);
  const own = document['mediaType'];
  const isManifest = 'layers' in document || 'config' in document;
  const isIndex = 'manifests' in document;
  if (isManifest && isIndex) throw invalid(name, 'a manifest and an index in one');
  const known = [own, stated].find(
    (type): type is string => typeof type === 'string' && isManifestMediaType(type),
  );
  if (typeof own === 'string' && isManifestMediaType(own) && isManifestMediaType(stated) && own !== stated) {
    throw invalid(name, `says that it is ${own}, and came as ${stated}`);
  }
  const mediaType = known ?? (isIndex ? OciMediaType.index : isManifest ? OciMediaType.manifest : undefined);
  if (mediaType === undefined) {
    throw invalid(
      name,
      `neither a manifest nor an index (${typeof own === 'string' ? own : stated || 'no type'})`,
    );
  }
  if (INDEXES.includes(mediaType) === isManifest) {
    throw invalid(
      name,
      isManifest ? `a manifest that came as ${mediaType}` : `${mediaType} without its layers`,
    );
  }
  return mediaType;
}

function refuseOtherSchemas({ schemaVersion }: JsonObject, stated: string, reader: JsonReader): void {
  if (schemaVersion === 1 || SCHEMA_1.test(stated)) {
    throw invalid(reader.name, "an image of Docker's schema 1, which is no longer read", {
      hint: 'push it anew with any tool of the last years: skopeo copy --format oci …',
    });
  }
  if (schemaVersion !== 2) throw reader.expected('2', { value: schemaVersion, path: 'schemaVersion' });
}

function parseImage(document: JsonObject, reader: JsonReader): Manifest {
  const layers = reader.array({ value: document['layers'], path: 'layers' }, MOST_ENTRIES);
  return {
    schemaVersion: 2,
    ...commonMembers(document, reader),
    config: parseDescriptor({ value: document['config'], path: 'config' }, reader),
    layers: layers.map((layer) => parseDescriptor(layer, reader)),
  };
}

function parseIndex(document: JsonObject, reader: JsonReader): Index {
  const manifests = reader.array({ value: document['manifests'], path: 'manifests' }, MOST_ENTRIES);
  return {
    schemaVersion: 2,
    ...commonMembers(document, reader),
    manifests: manifests.map((manifest) => parseDescriptor(manifest, reader)),
  };
}

type CommonMembers = Pick<Manifest & Index, 'mediaType' | 'artifactType' | 'subject' | 'annotations'>;

function commonMembers(document: JsonObject, reader: JsonReader): CommonMembers {
  const mediaType = reader.optionalText({ value: document['mediaType'], path: 'mediaType' });
  const artifactType = reader.optionalText({ value: document['artifactType'], path: 'artifactType' });
  const annotations = reader.texts({ value: document['annotations'], path: 'annotations' });
  const subject = document['subject'] ?? undefined;
  return {
    ...(mediaType && { mediaType }),
    ...(artifactType && { artifactType }),
    ...(subject !== undefined && { subject: parseDescriptor({ value: subject, path: 'subject' }, reader) }),
    ...(annotations && { annotations }),
  };
}
