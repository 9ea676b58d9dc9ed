import { defineCommand } from '../../command.ts';
import type { FlagTable } from '../../flags.ts';
import { openImageCache } from '../../image-cache.ts';
import { removalJson, removalText } from '../../image-removal.ts';
import { parseAge, parseSize } from '../../quantities.ts';

const flags = {
  'max-size': {
    value: 'SIZE',
    help: 'remove what was used least recently until the rest is no larger: 500M',
  },
  'older-than': { value: 'TIME', help: "remove what hasn't been used for so long: 30d, 12h" },
  all: { short: 'a', help: 'remove all images' },
  json: { short: 'j', help: 'say what was removed as JSON' },
} as const satisfies FlagTable;

/** `ecli image prune`: makes the cache smaller. */
export const pruneCommand = defineCommand({
  description: 'Removes from the cache what no image needs any more, and images as the flags say.',
  operands: '',
  count: { least: 0, most: 0 },
  flags,
  examples: ['ecli image prune', 'ecli image prune --max-size 500M', 'ecli image prune --older-than 30d'],
  notes: 'What is being pulled at the same time is spared. When an image was used last is known to the hour.',

  async run({ flags: given }, terminal) {
    const size = given['max-size'];
    const age = given['older-than'];
    const options = {
      signal: terminal.interruption.signal,
      ...(size !== undefined && { maxBytes: parseSize('--max-size', size) }),
      ...(age !== undefined && { usedBeforeMs: Date.now() - parseAge('--older-than', age) }),
      ...(given.all && { all: true }),
    };
    const cache = await openImageCache(terminal);
    const removal = await cache.prune(options);
    terminal.print(given.json ? removalJson(removal) : removalText(removal));
    return 0;
  },
});
