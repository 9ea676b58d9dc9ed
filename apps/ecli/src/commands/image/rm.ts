import { ArgumentError } from '@ecli/core';
import { defineCommand } from '../../command.ts';
import type { FlagTable } from '../../flags.ts';
import { findCached, openImageCache } from '../../image-cache.ts';
import { removalJson, removalText } from '../../image-removal.ts';

const flags = {
  all: { short: 'a', help: 'remove all images' },
  json: { short: 'j', help: 'say what was removed as JSON' },
} as const satisfies FlagTable;

/** `ecli image rm`: removes images from the cache. */
export const rmCommand = defineCommand({
  description:
    'Removes images from the cache, and their signatures with them; registries keep what they have.',
  operands: 'REF… | --all',
  count: { least: 0, most: Infinity },
  flags,
  examples: [
    'ecli image rm ghcr.io/eunomia-bpf/sigsnoop:latest',
    'ecli image rm 12ab34cd56ef localhost:5000/tool',
    'ecli image rm --all',
  ],
  notes: 'REF is a reference, or a digest or its beginning: then the image goes with all its names.',

  async run({ operands, flags: given }, terminal) {
    if (given.all === operands.length > 0) {
      throw new ArgumentError('ecli image rm: either references or --all must follow', []);
    }
    const cache = await openImageCache(terminal);
    const { signal } = terminal.interruption;
    const removal = given.all
      ? await cache.prune({ all: true, signal })
      : await cache.remove(namesOf(operands, await cache.list()), signal);
    terminal.print(given.json ? removalJson(removal) : removalText(removal));
    return 0;
  },
});

/** Nothing is removed where one of them can't be found. */
function namesOf(operands: readonly string[], entries: Parameters<typeof findCached>[0]): string[] {
  return operands.flatMap((operand) => {
    return findCached(entries, operand).map(({ reference, descriptor }) => reference ?? descriptor.digest);
  });
}
