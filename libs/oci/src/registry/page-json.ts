import { EcliError } from '@ecli/core';

/** Reads a page of a list. @throws REMOTE_FAILED for what is no JSON object */
export function parsePage(bytes: Uint8Array, subject: string): Readonly<Record<string, unknown>> {
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof document === 'object' && document !== null) return document as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new EcliError('REMOTE_FAILED', `${subject}: the registry answers with what is no list`, {
    hint: 'is it the host you meant?',
  });
}
