import { Buffer } from 'node:buffer';
import { digestOf, EcliError, MediaType, printable } from '@ecli/core';
import { Annotation, type Descriptor, type Manifest, OciMediaType } from '../types.ts';
import { PROGRAM_KINDS, type ProgramKind } from './program-kinds.ts';

export interface PackOptions {
  readonly content: Uint8Array;
  /** The content's, where it is known, so that large programs aren't hashed again; pushing checks it. */
  readonly digest?: string;
  /** One of core's. */
  readonly mediaType: string;
  /** The program's name, of which the title is made: `opens` becomes `opens.bpf.o`. */
  readonly name: string;
  /** Of the manifest: what registries show. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly environment?: Readonly<Record<string, string | undefined>>;
}

/** Content and the descriptor that names it. */
export interface Blob {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

export interface PackedProgram {
  readonly manifest: Blob;
  /** What the manifest names, each of which must be in the registry before it. */
  readonly blobs: readonly Blob[];
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidance-for-an-empty-descriptor */
const EMPTY_JSON = Buffer.from('{}');

/**
 * Makes an image of a program: an artifact as OCI 1.1 has them, or of a Wasm module the pair of media types that
 * was there before. The same program, annotations and environment give the same digest on any machine and at any
 * time: there is a time of creation only where SOURCE_DATE_EPOCH states one.
 *
 * @throws MEDIA_TYPE_UNSUPPORTED for what isn't a program that is ready to run, ARGUMENT_INVALID for a
 * SOURCE_DATE_EPOCH that is no time
 */
export function packProgram({
  content,
  digest,
  mediaType,
  name,
  annotations,
  environment = {},
}: PackOptions): PackedProgram {
  const kind = kindOf(mediaType, name);
  const layer = blobOf(content, kind.layer, {
    ...(digest !== undefined && { digest }),
    annotations: { [Annotation.title]: kind.title(name) },
  });
  const config = blobOf(
    EMPTY_JSON,
    kind.config,
    kind.artifactType === undefined ? {} : { data: EMPTY_JSON.toString('base64') },
  );
  const all = { ...creation(environment), ...annotations };
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OciMediaType.manifest,
    ...(kind.artifactType !== undefined && { artifactType: kind.artifactType }),
    config: config.descriptor,
    layers: [layer.descriptor],
    ...(Object.keys(all).length > 0 && { annotations: sorted(all) }),
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const { artifactType } = manifest;
  const more = artifactType === undefined ? {} : { artifactType };
  return { manifest: blobOf(bytes, OciMediaType.manifest, more), blobs: [config, layer] };
}

function kindOf(mediaType: string, name: string): ProgramKind {
  const kind = Object.hasOwn(PROGRAM_KINDS, mediaType) ? PROGRAM_KINDS[mediaType] : undefined;
  if (kind) return kind;
  if (mediaType === MediaType.source) {
    throw new EcliError(
      'MEDIA_TYPE_UNSUPPORTED',
      `${printable(name)}: a source, which runs nowhere as it is`,
      {
        hint: 'compile it and push what comes out: ecli build SOURCE.bpf.c',
      },
    );
  }
  throw new EcliError('MEDIA_TYPE_UNSUPPORTED', `${printable(name)}: not recognised as a program`, {
    hint: 'a JSON package, a .bpf.o, a .wasm or a tar can be pushed; -p says what it is',
  });
}

function blobOf(
  bytes: Uint8Array,
  mediaType: string,
  { digest = digestOf(bytes), ...more }: Partial<Descriptor>,
): Blob {
  return { bytes, descriptor: { mediaType, digest, size: bytes.byteLength, ...more } };
}

/** RFC 3339, the year 9999 being its last. */
const LATEST_EPOCH = 253_402_300_799;

/** https://reproducible-builds.org/specs/source-date-epoch/ */
function creation({
  SOURCE_DATE_EPOCH: epoch = '',
}: NonNullable<PackOptions['environment']>): Readonly<Record<string, string>> {
  if (epoch === '') return {};
  const seconds = /^\d{1,12}$/.test(epoch) ? Number(epoch) : NaN;
  if (seconds <= LATEST_EPOCH) {
    return { [Annotation.created]: new Date(seconds * 1000).toISOString().replace('.000', '') };
  }
  throw new EcliError('ARGUMENT_INVALID', `SOURCE_DATE_EPOCH=${printable(epoch)}: not a time`, {
    hint: 'seconds since 1970: SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)',
  });
}

function sorted(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(annotations).sort(([a], [b]) => (a < b ? -1 : 1)));
}
