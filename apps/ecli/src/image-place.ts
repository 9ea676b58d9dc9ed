import { EcliError, type PullPolicy } from '@ecli/core';
import {
  choosePlatform,
  type Descriptor,
  fetchAll,
  type ImageReference,
  type Index,
  isAbsence,
  parseManifest,
  type ParsedManifest,
  type ReadTarget,
  spellReference,
  spellRepository,
  tagOrDigestOf,
} from '@ecli/oci';
import type { RegistryAccess } from './registry-access.ts';

/** A manifest or index, verified, and where it was found. */
export interface FoundImage {
  readonly reference: ImageReference;
  readonly from: 'registry' | 'cache';
  readonly place: ReadTarget;
  readonly bytes: Uint8Array;
  readonly parsed: ParsedManifest;
}

export interface FindImageOptions {
  readonly pull?: PullPolicy;
  /** Goes into an index, to what it has for this platform. */
  readonly platform?: string;
  readonly warn: (line: string) => void;
}

type Origin = FoundImage['from'];

/** Indexes may hold indexes, but nobody goes deeper than this. */
const MOST_INDEXES = 4;

/**
 * Finds an image's manifest: of a digest in the cache first, where it can't be another one; of a tag in the registry,
 * and in the cache when the registry is away.
 *
 * @throws ARTIFACT_NOT_FOUND, MANIFEST_INVALID, and what registries and the cache fail with
 */
export async function findImage(
  reference: ImageReference,
  access: RegistryAccess,
  { pull, platform, warn }: FindImageOptions,
): Promise<FoundImage> {
  const places = { registry: access.repositoryOf(reference), cache: await cached(reference, access) };
  const read = (from: Origin): Promise<FoundImage> =>
    readImage(reference, from, places[from], platform, access.signal);
  if (pull === 'never') {
    return read('cache').catch((error: unknown) => {
      throw isMissing(error) ? notCached(reference) : error;
    });
  }
  if (pull === 'always') return read('registry');
  if (pull === 'missing' || reference.digest !== undefined) {
    return read('cache').catch((error: unknown) => {
      if (isMissing(error)) return read('registry');
      throw error;
    });
  }
  return read('registry').catch(async (error: unknown) => {
    if (!isAbsence(error)) throw error;
    const image = await read('cache').catch(() => undefined);
    if (!image) throw error;
    warn(`${error.message}; this is the cached image`);
    return image;
  });
}

async function cached(reference: ImageReference, access: RegistryAccess): Promise<ReadTarget> {
  return (await access.cache()).repository(spellRepository(reference));
}

async function readImage(
  reference: ImageReference,
  from: Origin,
  place: ReadTarget,
  platform: string | undefined,
  signal: AbortSignal,
): Promise<FoundImage> {
  let descriptor = await place.resolve(tagOrDigestOf(reference), signal);
  for (let depth = 0; depth <= MOST_INDEXES; depth++) {
    const bytes = await fetchAll(place, descriptor, { signal });
    const parsed = parseManifest(bytes, descriptor);
    if (parsed.kind === 'manifest' || platform === undefined)
      return { reference, from, place, bytes, parsed };
    descriptor = chooseFor(platform, parsed.index, reference);
  }
  throw new EcliError('MANIFEST_INVALID', `${spellReference(reference)}: indexes in indexes without an end`);
}

/** @throws ARTIFACT_NOT_FOUND, ARGUMENT_INVALID */
function chooseFor(platform: string, index: Index, reference: ImageReference): Descriptor {
  try {
    return choosePlatform(index, platform);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const { code, message, hint } = error;
    throw new EcliError(code, `${spellReference(reference)}: ${message}`, {
      cause: error,
      ...(hint !== undefined && { hint }),
    });
  }
}

function isMissing(error: unknown): error is EcliError {
  return error instanceof EcliError && error.code === 'ARTIFACT_NOT_FOUND';
}

function notCached(reference: ImageReference): EcliError {
  return new EcliError('ARTIFACT_NOT_FOUND', `${spellReference(reference)}: not in the cache`, {
    hint: 'without --pull never the registry is asked; ecli image list shows what is in the cache',
  });
}
