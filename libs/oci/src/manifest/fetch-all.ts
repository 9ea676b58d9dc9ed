import { EcliError } from '@ecli/core';
import type { Fetcher } from '../content.ts';
import type { Descriptor } from '../types.ts';
import { ContentVerifier } from './content-verifier.ts';

export interface FetchAllOptions {
  /** What is taken at most; 4 MiB, a manifest's limit, by default. */
  readonly limitBytes?: number;
  readonly signal?: AbortSignal | undefined;
  /** Hears of each piece as it comes. */
  readonly received?: (bytes: number) => void;
}

const DEFAULT_LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Reads the whole content that `descriptor` names. This is the way to bytes: size, digest and what follows the
 * end are checked here, whatever the fetcher checks itself.
 *
 * @throws ARTIFACT_TOO_LARGE before anything is asked for, DIGEST_MISMATCH, and what the fetcher throws
 */
export async function fetchAll(
  fetcher: Fetcher,
  descriptor: Descriptor,
  { limitBytes = DEFAULT_LIMIT_BYTES, signal, received }: FetchAllOptions = {},
): Promise<Uint8Array> {
  if (descriptor.size > limitBytes) {
    throw new EcliError(
      'ARTIFACT_TOO_LARGE',
      `${descriptor.digest}: ${descriptor.size} bytes, where ${limitBytes} are taken`,
    );
  }
  const verifier = new ContentVerifier(descriptor);
  const content = new Uint8Array(descriptor.size);
  for await (const piece of await fetcher.fetch(descriptor, signal)) {
    const offset = verifier.bytes;
    verifier.take(piece);
    content.set(piece, offset);
    received?.(piece.length);
  }
  verifier.finish();
  return content;
}
