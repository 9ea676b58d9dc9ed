import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { EcliError, printable, type ReportProgress, systemReason } from '@ecli/core';
import { CopyError } from '../copy/copy-error.ts';
import { copyImage } from '../copy/copy-image.ts';
import { errnoOf } from '../layout/cache-error.ts';
import { ImageLayout } from '../layout/image-layout.ts';
import { isReference, parseReference } from '../reference/parse-reference.ts';
import { spellReference, spellRepository } from '../reference/image-reference.ts';
import type { Descriptor } from '../types.ts';
import { unpackArchive } from './unpack-archive.ts';

export interface LoadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ReportProgress | undefined;
  /** The name of the only image, whatever name it has there. */
  readonly name?: string | undefined;
  /** Of an index, takes the image for this platform alone. */
  readonly platform?: string | undefined;
}

/** An image that was loaded; without a name it is found by its digest. */
export interface LoadedImage {
  readonly name: string | undefined;
  readonly descriptor: Descriptor;
}

/** Bytes with what to call them. */
export interface ArchiveStream {
  readonly name: string;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * Takes all images of an archive or a folder into `layout`, with their signatures. What is nobody's is left there,
 * and nothing comes in that hasn't been checked.
 *
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_UNREADABLE, MANIFEST_INVALID, DIGEST_MISMATCH, CACHE_FAILED
 */
export async function loadImages(
  from: string | ArchiveStream,
  layout: ImageLayout,
  options: LoadOptions = {},
): Promise<readonly LoadedImage[]> {
  if (typeof from === 'string' && (await isFolder(from))) {
    return takeAll(from, await ImageLayout.open(from), layout, options);
  }
  const archive = typeof from === 'string' ? { name: from, bytes: bytesOf(from) } : from;
  return layout.withDraftFolder(async (folder) => {
    await unpackArchive(archive.name, archive.bytes, folder, options.signal);
    return takeAll(archive.name, await ImageLayout.open(folder), layout, options);
  });
}

async function takeAll(
  from: string,
  source: ImageLayout,
  layout: ImageLayout,
  { signal, progress, name, platform }: LoadOptions,
): Promise<readonly LoadedImage[]> {
  const entries = (await source.list()).filter(({ belongsTo }) => belongsTo === undefined);
  const digests = new Set(entries.map(({ descriptor }) => descriptor.digest));
  if (digests.size === 0) {
    throw new EcliError('ARTIFACT_NOT_FOUND', `${printable(from)}: no images are in it`);
  }
  if (name !== undefined && digests.size > 1) {
    throw new EcliError('ARGUMENT_INVALID', `${printable(from)}: ${digests.size} images, and one name`);
  }
  const loaded: LoadedImage[] = [];
  for (const { reference, descriptor } of name === undefined ? entries : entries.slice(0, 1)) {
    const target = fullName(name ?? reference);
    const options = { signal, progress, platform, withReferrers: true };
    // Tags of signatures are those of the repository, on both sides.
    const copied = await copyImage(
      viewOf(source, reference),
      viewOf(layout, target),
      descriptor,
      options,
    ).catch((error: unknown) => {
      throw error instanceof CopyError ? error.cause : error;
    });
    await layout.tag(copied, target ?? copied.digest, signal);
    loaded.push({ name: target, descriptor: copied });
  }
  return loaded;
}

/** A tag alone names nothing among the images of all registries. */
function fullName(name: string | undefined): string | undefined {
  if (name === undefined || !/[/:@]/.test(name) || !isReference(name)) return undefined;
  return spellReference(parseReference(name));
}

function viewOf(layout: ImageLayout, name: string | undefined): ReturnType<ImageLayout['repository']> {
  const full = fullName(name);
  return layout.repository(full === undefined ? 'unnamed' : spellRepository(parseReference(full)));
}

/** @throws ARTIFACT_UNREADABLE */
async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new EcliError('ARTIFACT_UNREADABLE', `${printable(path)}: can't be read: ${systemReason(cause)}`, {
      cause,
    });
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    const isMissing = errnoOf(error) === 'ENOENT';
    throw new EcliError(
      isMissing ? 'ARTIFACT_NOT_FOUND' : 'ARTIFACT_UNREADABLE',
      `${printable(path)}: ${isMissing ? 'no such file' : systemReason(error)}`,
      { cause: error },
    );
  }
}
