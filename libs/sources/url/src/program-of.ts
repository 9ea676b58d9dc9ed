import { promisify } from 'node:util';
import { type Descriptor, descriptorOf, EcliError, MediaType, mediaTypeOf } from '@ecli/core';
import { tooLarge } from './download-failure.ts';
import { lastSegment } from './headers/file-traits.ts';
import type { FileTraits, WebFile } from './web-file.ts';

/** What is run of a file. */
export interface Program {
  readonly content: Uint8Array;
  readonly descriptor: Descriptor;
}

/** Content types by which a server says what the bytes don't. */
const BY_CONTENT_TYPE: Readonly<Record<string, string>> = {
  'application/json': MediaType.package,
  [MediaType.package]: MediaType.package,
  [MediaType.object]: MediaType.object,
  [MediaType.tar]: MediaType.tar,
  [MediaType.wasm]: MediaType.wasm,
};

/**
 * Makes a program of a file that was asked for as `asked`: a gzip file is unpacked, whatever it is called.
 *
 * @throws ARTIFACT_TOO_LARGE, ARTIFACT_UNREADABLE
 */
export async function programOf(
  { content: served, digest, traits }: WebFile,
  asked: URL,
  limitBytes: number,
  stated: string | undefined,
): Promise<Program> {
  const isPacked = isGzip(served);
  const content = isPacked ? await unpack(served, limitBytes) : served;
  const mediaType = stated ?? mediaTypeFor(content, asked, traits);
  if (isPacked) return { content, descriptor: descriptorOf(content, mediaType) };
  return { content, descriptor: { mediaType, digest, size: content.byteLength } };
}

/**
 * Sources are told by their names alone, and are compiled; so only the name counts that the user wrote: no server
 * makes the compiler read what it sends for a package.
 */
function mediaTypeFor(content: Uint8Array, asked: URL, { name, contentType }: FileTraits): string {
  const wanted = unpackedName(lastSegment(asked));
  if (wanted.endsWith('.c')) return MediaType.source;
  const found = mediaTypeOf(content, unpackedName(name).replace(/\.c$/, ''));
  if (found !== MediaType.unknown) return found;
  const byWanted = mediaTypeOf(content, wanted);
  return byWanted === MediaType.unknown ? (BY_CONTENT_TYPE[contentType] ?? byWanted) : byWanted;
}

function unpackedName(name: string): string {
  return name.replace(/\.gz$/i, '').replace(/\.tgz$/i, '.tar');
}

/** RFC 1952, 2.3.1. No program begins so. */
function isGzip(content: Uint8Array): boolean {
  return content[0] === 0x1f && content[1] === 0x8b;
}

async function unpack(content: Uint8Array, limitBytes: number): Promise<Uint8Array> {
  const { gunzip } = await import('node:zlib');
  try {
    return await promisify(gunzip)(content, { maxOutputLength: limitBytes });
  } catch (cause) {
    const { code = 'an unknown error' } = cause as NodeJS.ErrnoException;
    if (code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limitBytes);
    throw new EcliError('ARTIFACT_UNREADABLE', `a gzip file that is broken (${code})`, { cause });
  }
}
