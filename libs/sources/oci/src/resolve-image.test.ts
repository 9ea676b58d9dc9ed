import { describe, expect, test } from '@jest/globals';
import { EcliError, type FetchContext } from '@ecli/core';
import { NetworkError } from '@ecli/http';
import { type Descriptor, OciMediaType, parseReference } from '@ecli/oci';
import type { ImagePlaces } from './image-places.ts';
import { resolveImage } from './resolve-image.ts';

const reference = parseReference('ghcr.io/org/tool:v1');
const cached: Descriptor = {
  mediaType: OciMediaType.manifest,
  digest: `sha256:${'0'.repeat(64)}`,
  size: 2,
};

/** A cache that has the tag, and a registry that fails. */
function placesWhere(failure: Error): ImagePlaces {
  const places: Pick<ImagePlaces, 'cache' | 'registry'> = {
    cache: { resolve: () => Promise.resolve(cached) } as unknown as ImagePlaces['cache'],
    registry: () => Promise.reject(failure),
  };
  return places as ImagePlaces;
}

function contextHearing(warnings: string[]): FetchContext {
  return { signal: new AbortController().signal, warn: (line) => warnings.push(line) };
}

describe('a tag that the cache has', () => {
  test.each([
    new NetworkError('name resolution', 'ghcr.io: no such host'),
    new NetworkError('timeout', 'ghcr.io: no answer'),
    new EcliError('RATE_LIMITED', 'ghcr.io: too many requests'),
  ])('is taken from there after: $message', async (failure) => {
    const warnings: string[] = [];
    expect(await resolveImage(reference, placesWhere(failure), contextHearing(warnings))).toBe(cached);
    expect(warnings).toEqual([expect.stringContaining(failure.message)]);
  });

  test.each([
    new NetworkError('TLS', 'ghcr.io: a certificate of nobody we know'),
    new EcliError('REGISTRY_DENIED', 'ghcr.io: denied'),
  ])('is not, for somebody is there, after: $message', async (failure) => {
    await expect(resolveImage(reference, placesWhere(failure), contextHearing([]))).rejects.toBe(failure);
  });
});
