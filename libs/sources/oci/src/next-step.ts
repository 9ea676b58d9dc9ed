import { EcliError } from '@ecli/core';
import { DEFAULT_TAG, type ImageReference } from '@ecli/oci';

/** What the user can try after `error`; undefined where the error says it itself. */
export function nextStep(error: unknown, { tag, digest }: ImageReference): string | undefined {
  if (!(error instanceof EcliError) || error.code !== 'ARTIFACT_NOT_FOUND') return undefined;
  if (tag !== undefined || digest !== undefined || error.hint === undefined) return undefined;
  return `include a tag, for ${DEFAULT_TAG} is meant without one; ${error.hint}`;
}
