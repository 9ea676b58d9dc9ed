import { printableJson } from '@ecli/core';
import type { Removal } from '@ecli/oci';
import { spellBytes } from './terminal/byte-size.ts';

/** Says what was removed of the cache, a line each, and what that came to. */
export function removalText({ images, blobs, freedBytes, keptBytes }: Removal): string {
  const lines = images.flatMap(({ descriptor, names }) => {
    return (names.length > 0 ? names : [descriptor.digest]).map((name) => `removed ${name}\n`);
  });
  const parts = blobs === 1 ? '1 part' : `${blobs} parts`;
  const freed = blobs === 0 ? 'nothing to free' : `freed ${spellBytes(freedBytes)} in ${parts}`;
  return `${lines.join('')}${freed}; ${spellBytes(keptBytes)} are left\n`;
}

export function removalJson({ images, ...counts }: Removal): string {
  const removed = images.map(({ descriptor, names }) => ({ digest: descriptor.digest, references: names }));
  return `${printableJson(JSON.stringify({ removed, ...counts }, null, 2))}\n`;
}
