import { EcliError } from '@ecli/core';
import type { ReadTarget } from '../content.ts';
import type { Descriptor } from '../types.ts';
import type { PackedProgram } from './pack-program.ts';

/** A program that was packed, as a place that images are copied from. */
export function packedSource({ manifest, blobs }: PackedProgram): ReadTarget {
  const all = [manifest, ...blobs];
  const find = (digest: string) => {
    const blob = all.find(({ descriptor }) => descriptor.digest === digest);
    if (blob) return blob;
    throw new EcliError('ARTIFACT_NOT_FOUND', `${digest}: not in the program`);
  };
  return {
    fetch: async ({ digest }) => single(find(digest).bytes),
    resolve: async (digest): Promise<Descriptor> => find(digest).descriptor,
    referrers: async () => [],
  };
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
