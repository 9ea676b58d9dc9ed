import { EcliError, listed } from '@ecli/core';
import { type Descriptor, type Index, OciMediaType, type Platform } from '../types.ts';
import { ownPlatform, parsePlatform, spellPlatform } from './platform.ts';

/** How buildkit marks what it attests of an image; it stands in the image's index as if it were one. */
const ATTESTATION = ['vnd.docker.reference.type', 'attestation-manifest'] as const;

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/image-index.md#platform-variants */
const DEFAULT_VARIANTS: ReadonlyMap<string, string> = new Map([
  ['arm', 'v7'],
  ['arm64', 'v8'],
  ['amd64', 'v1'],
]);

/**
 * Chooses the manifest of an index that is for `platform`, by default this machine's; where none is, the only one
 * that is for no platform in particular, as programs mostly are. It may be an index itself.
 *
 * @throws ARTIFACT_NOT_FOUND saying for which platforms there are manifests, ARGUMENT_INVALID for no platform
 */
export function choosePlatform(index: Index, platform?: Platform | string): Descriptor {
  const wanted = typeof platform === 'string' ? parsePlatform(platform) : (platform ?? ownPlatform());
  const images = index.manifests.filter(
    ({ annotations }) => annotations?.[ATTESTATION[0]] !== ATTESTATION[1],
  );
  const matching = images.filter((image) => image.platform && matches(image.platform, wanted));
  const [best] = matching.toSorted((a, b) => rank(b, wanted) - rank(a, wanted));
  if (best) return best;
  const [any, ...others] = images.filter(isForAnyPlatform);
  if (any && others.every(({ digest }) => digest === any.digest)) return any;
  throw notFound(images, wanted);
}

function matches({ os, architecture, variant }: Platform, wanted: Platform): boolean {
  if ((os || 'linux') !== wanted.os || architecture !== wanted.architecture) return false;
  return wanted.variant === undefined || (variant ?? DEFAULT_VARIANTS.get(architecture)) === wanted.variant;
}

/** Where no variant is asked for, that which runs anywhere is the best. */
function rank({ platform, mediaType }: Descriptor, wanted: Platform): number {
  const isPlain =
    platform?.variant === wanted.variant || platform?.variant === DEFAULT_VARIANTS.get(wanted.architecture);
  const isManifest = mediaType === OciMediaType.manifest || mediaType === OciMediaType.dockerManifest;
  return (isPlain ? 2 : 0) + (isManifest ? 1 : 0);
}

function isForAnyPlatform({ platform }: Descriptor): boolean {
  return !platform || ['', 'unknown'].includes(platform.architecture);
}

function notFound(images: readonly Descriptor[], wanted: Platform): EcliError {
  const spelled = spellPlatform(wanted);
  const platforms = [
    ...new Set(images.flatMap(({ platform }) => (platform ? [spellPlatform(platform)] : []))),
  ];
  const anyones = images.filter(isForAnyPlatform);
  if (anyones.length > 1) {
    return new EcliError(
      'ARTIFACT_NOT_FOUND',
      `${anyones.length} images, and none says that it is for ${spelled}`,
      {
        hint: `name one by its digest: ${listed(anyones.map(({ digest }) => digest))}`,
      },
    );
  }
  return new EcliError('ARTIFACT_NOT_FOUND', `no image for ${spelled}`, {
    hint:
      platforms.length === 0
        ? 'the index is empty'
        : `there are images for ${listed(platforms)}; choose one with --platform`,
  });
}
