import { EcliError } from '@ecli/core';

/** Makes the error of a signature that counts for nothing: what is wrong with it. */
export function flaw(reason: string, cause?: unknown): EcliError {
  return new EcliError('SIGNATURE_INVALID', reason, { cause });
}

/** Why a signature doesn't count. @throws what is no such reason */
export function reasonOf(error: unknown): string {
  if (error instanceof EcliError && FLAWS.has(error.code)) return error.message;
  throw error;
}

/** What a registry can cause by what it serves; a network that fails is another thing, and may pass. */
const FLAWS: ReadonlySet<string> = new Set([
  'SIGNATURE_INVALID',
  'MANIFEST_INVALID',
  'MEDIA_TYPE_UNSUPPORTED',
  'DIGEST_MISMATCH',
  'ARTIFACT_TOO_LARGE',
  'ARTIFACT_NOT_FOUND',
]);
