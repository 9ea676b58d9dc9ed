import { type EcliError, listed } from '@ecli/core';
import { type ImageReference, spellRepository } from '@ecli/oci';
import type { ImagePlaces } from './image-places.ts';

/** A hint isn't worth a longer wait. */
const PATIENCE_MS = 3000;

/** How many tags a hint shows. */
const MOST_TAGS = 10;

/** What the user can try after `error`, where the error doesn't say that itself. */
export async function nextStep(
  error: EcliError,
  reference: ImageReference,
  places: ImagePlaces,
): Promise<string | undefined> {
  if (error.hint !== undefined) return undefined;
  const { registry } = reference;
  if (error.code === 'REGISTRY_DENIED') return `log in: ecli login ${registry}`;
  if (error.code !== 'ARTIFACT_NOT_FOUND' || reference.digest !== undefined) return undefined;
  return tagsHint(reference, await tagsOf(places));
}

function tagsHint(reference: ImageReference, tags: readonly string[]): string {
  if (tags.length === 0) {
    return `is ${reference.registry} the host you meant, and ${reference.repository} the name there?`;
  }
  const shown = listed(tags.slice(0, MOST_TAGS));
  const these = tags.length > MOST_TAGS ? `${shown}, …` : shown;
  const isImplied = reference.tag === undefined;
  return isImplied
    ? `include a tag; there are ${these}: ${spellRepository(reference)}:${tags[0]}`
    : `tags there: ${these}`;
}

async function tagsOf(places: ImagePlaces): Promise<readonly string[]> {
  try {
    const registry = await places.registry();
    return await registry.tags(AbortSignal.timeout(PATIENCE_MS));
  } catch {
    // The failure to tell is the first one.
    return [];
  }
}
