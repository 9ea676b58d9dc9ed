import { EcliError, type FetchContext } from '@ecli/core';
import { type Descriptor, type ImageReference, isAbsence, spellReference, tagOrDigestOf } from '@ecli/oci';
import type { ImagePlaces } from './image-places.ts';

/** How long a registry may take to say whether a tag has moved, where the cache has what it named before. */
const REVALIDATION_MS = 5000;

/**
 * Finds the digest that the reference means. A digest that the cache has is asked for nowhere. For a tag the registry
 * is asked, and while it is away the cache's is taken, which `context.warn` hears of.
 */
export async function resolveImage(
  reference: ImageReference,
  places: ImagePlaces,
  context: FetchContext,
): Promise<Descriptor> {
  const { pull } = context;
  const cached = await findCached(reference, places);
  const isFinal = reference.digest !== undefined || pull === 'missing' || pull === 'never';
  if (cached && isFinal && pull !== 'always') return cached;
  if (!cached) return places.fetchManifest(tagOrDigestOf(reference));
  if (pull === 'always') return askRegistry(reference, places, context.signal);
  return revalidate(reference, cached, places, context);
}

async function findCached(
  { digest, ...reference }: ImageReference,
  { cache }: ImagePlaces,
): Promise<Descriptor | undefined> {
  try {
    return await cache?.resolve(digest ?? spellReference(reference));
  } catch (error) {
    if (error instanceof EcliError) return undefined;
    throw error;
  }
}

async function askRegistry(
  reference: ImageReference,
  places: ImagePlaces,
  signal: AbortSignal,
): Promise<Descriptor> {
  const registry = await places.registry();
  return registry.resolve(tagOrDigestOf(reference), signal);
}

async function revalidate(
  reference: ImageReference,
  cached: Descriptor,
  places: ImagePlaces,
  { signal, warn }: FetchContext,
): Promise<Descriptor> {
  const timeout = AbortSignal.timeout(REVALIDATION_MS);
  try {
    return await askRegistry(reference, places, AbortSignal.any([signal, timeout]));
  } catch (error) {
    signal.throwIfAborted();
    const reason = timeout.aborted ? `no answer within ${REVALIDATION_MS / 1000} s` : absenceIn(error);
    warn?.(`${spellReference(reference)}: ${reason}; takes what the cache has of it, ${cached.digest}`);
    return cached;
  }
}

/** Why the registry can't be asked just now. @throws `error` where that is its answer */
function absenceIn(error: unknown): string {
  if (isAbsence(error)) return error.message;
  throw error;
}
