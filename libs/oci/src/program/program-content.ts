import { promisify } from 'node:util';
import { EcliError, MediaType, mediaTypeOf, printable, sniff } from '@ecli/core';
import type { ProgramLayer } from './program-layer.ts';
import { PROGRAM_LAYERS } from './program-kinds.ts';

/** A program's own bytes, as runners take them. */
export interface ProgramContent {
  readonly content: Uint8Array;
  /** One of core's. */
  readonly mediaType: string;
}

/** What a layer may come to once inflated; as large as a file that ecli reads. */
const LIMIT_BYTES = 256 * 1024 * 1024;

/**
 * Tells what a layer's content is. The bytes decide, for they can't be wrong: pushers before this one knew one
 * media type for everything. Then the layer's media type, then the title.
 */
export function programMediaType(layerMediaType: string, content: Uint8Array, title = ''): string {
  const sniffed = sniff(content);
  if (sniffed !== MediaType.unknown) return sniffed;
  const stated = Object.hasOwn(PROGRAM_LAYERS, layerMediaType) ? PROGRAM_LAYERS[layerMediaType] : undefined;
  if (stated !== undefined) return stated;
  const titled = mediaTypeOf(content, title);
  // A source would be compiled, by whatever compiler is here: not for the asking of a registry.
  return titled === MediaType.source ? MediaType.unknown : titled;
}

/**
 * The program in the bytes of a layer: these, or what they come to once inflated.
 *
 * @throws MEDIA_TYPE_UNSUPPORTED for a compression that isn't gzip, ARTIFACT_UNREADABLE for broken gzip,
 * ARTIFACT_TOO_LARGE
 */
export async function programContentOf(
  bytes: Uint8Array,
  { descriptor, title }: ProgramLayer,
  limitBytes = LIMIT_BYTES,
): Promise<ProgramContent> {
  const content = await inflated(bytes, descriptor.digest, limitBytes);
  return { content, mediaType: programMediaType(descriptor.mediaType, content, title) };
}

/** RFC 1952, 2.3.1, and RFC 8878, 3.1.1. */
const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

async function inflated(bytes: Uint8Array, digest: string, limitBytes: number): Promise<Uint8Array> {
  if (startsWith(bytes, ZSTD)) {
    throw new EcliError('MEDIA_TYPE_UNSUPPORTED', `${printable(digest)}: a layer compressed with zstd`, {
      hint: 'layers may be compressed with gzip, or not at all',
    });
  }
  if (!startsWith(bytes, GZIP)) return bytes;
  const { gunzip } = await import('node:zlib');
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: limitBytes });
  } catch (cause) {
    const isTooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    if (!isTooLarge) {
      throw new EcliError('ARTIFACT_UNREADABLE', `${printable(digest)}: broken gzip`, { cause });
    }
    const limit = `${Math.floor(limitBytes / (1024 * 1024))} MiB`;
    const message = `${printable(digest)}: more than the ${limit} that ecli reads, once inflated`;
    throw new EcliError('ARTIFACT_TOO_LARGE', message, { cause });
  }
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => bytes[index] === byte);
}
