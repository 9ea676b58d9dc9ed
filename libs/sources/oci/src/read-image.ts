import { EcliError, type FetchContext } from '@ecli/core';
import {
  choosePlatform,
  type Descriptor,
  MANIFEST_LIMIT_BYTES,
  type Manifest,
  parseManifest,
} from '@ecli/oci';
import type { ImagePlaces } from './image-places.ts';

/** Indexes may list indexes; nobody needs more of them than this. */
const MOST_INDEXES = 3;

/**
 * Reads the manifest that `image` is, or the one in its index that is for the platform.
 *
 * @throws MANIFEST_INVALID, ARTIFACT_NOT_FOUND where the index has none for the platform
 */
export async function readImage(
  image: Descriptor,
  places: ImagePlaces,
  { platform }: FetchContext,
): Promise<Manifest> {
  let descriptor = image;
  for (let indexes = 0; indexes <= MOST_INDEXES; indexes++) {
    if (descriptor.size > MANIFEST_LIMIT_BYTES) throw tooLarge(descriptor);
    const parsed = parseManifest(await places.readManifest(descriptor), descriptor);
    if (parsed.kind === 'manifest') return parsed.manifest;
    descriptor = choosePlatform(parsed.index, platform);
  }
  throw new EcliError('MANIFEST_INVALID', `${image.digest}: indexes within indexes within indexes`);
}

function tooLarge({ digest, size }: Descriptor): EcliError {
  const message = `${digest}: ${size} bytes, where a manifest may have ${MANIFEST_LIMIT_BYTES}`;
  return new EcliError('ARTIFACT_TOO_LARGE', message);
}
