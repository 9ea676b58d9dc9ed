import { EcliError, type ErrorCode } from '@ecli/core';
import { CopyError } from '../copy/copy-error.ts';
import { type ImageReference, spellReference, spellRepository } from '../reference/image-reference.ts';
import { RegistryError } from '../registry/registry-error.ts';

const BEGINNINGS = {
  pull: 'Failed to pull from registry',
  push: 'Failed to push to registry',
} as const;

/** What is no failure of a transfer: it was asked for wrongly, or settings on this machine stand against it. */
const NOT_OF_TRANSFERS: ReadonlySet<ErrorCode> = new Set([
  'ARGUMENT_INVALID',
  'OUTPUT_FAILED',
  'REFERENCE_UNSUPPORTED',
  'SETTINGS_INVALID',
  'TRUST_REFUSED',
]);

/**
 * Says of an error that it ended a transfer, and of what; what was no failure of the transfer is returned as it is.
 * `hint` takes the place of the error's own.
 */
export function transferFailure(
  direction: keyof typeof BEGINNINGS,
  reference: ImageReference,
  error: unknown,
  hint?: string,
): unknown {
  // Which side of a copy it was goes without saying here.
  if (error instanceof CopyError) return transferFailure(direction, reference, error.cause, hint);
  if (!(error instanceof EcliError) || NOT_OF_TRANSFERS.has(error.code)) return error;
  const spelled = spellReference(reference);
  const reason = reasonOf(error, reference);
  const next = hint ?? error.hint;
  return new EcliError(error.code, `${BEGINNINGS[direction]}: ${spelled}: ${reason}`, {
    cause: error,
    ...(next !== undefined && { hint: next }),
    ...(error.details !== undefined && { details: error.details }),
  });
}

/** The message without its subject, which is said already: of a registry's answers, any content of the repository. */
function reasonOf(error: EcliError, reference: ImageReference): string {
  const { message } = error;
  const subject =
    error instanceof RegistryError ? spellRepository(reference) : `${spellReference(reference)}: `;
  return message.startsWith(subject) ? message.slice(message.indexOf(': ') + 2) : message;
}
