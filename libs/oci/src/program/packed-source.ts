import { EcliError } from '@ecli/core';
import type { ReadTarget } from '../content.ts';
import type { Descriptor } from '../types.ts';
import type { PackedProgram } from './pack-program.ts';

const PIECE_BYTES = 512 * 1024;

/** A program that was packed, as a place that images are copied from. */
export function packedSource({ manifest, blobs }: PackedProgram): ReadTarget {
  const all = [manifest, ...blobs];
  const find = (digest: string) => {
    const blob = all.find(({ descriptor }) => descriptor.digest === digest);
    if (blob) return blob;
    throw new EcliError('ARTIFACT_NOT_FOUND', `${digest}: not in the program`);
  };
  return {
    fetch: async ({ digest }) => piecesOf(find(digest).bytes),
    resolve: async (digest): Promise<Descriptor> => find(digest).descriptor,
    referrers: async () => [],
  };
}

/** One is checked while the one before is on its way. */
async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) {
    yield bytes.subarray(start, start + PIECE_BYTES);
  }
}
