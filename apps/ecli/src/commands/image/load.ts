import { createReadStream } from 'node:fs';
import { isatty } from 'node:tty';
import { ArgumentError, printable, printableJson } from '@ecli/core';
import { type ArchiveStream, type LoadedImage, loadImages, parseReference, spellReference } from '@ecli/oci';
import { defineCommand } from '../../command.ts';
import type { FlagTable } from '../../flags.ts';
import { openImageCache } from '../../image-cache.ts';

const flags = {
  input: { short: 'i', value: 'FILE|DIR', help: 'read this tar or folder; by default standard input' },
  tag: { short: 't', value: 'REF', help: 'name it so, whatever name it has there; for one image' },
  platform: { value: 'OS/ARCH', help: 'take of an index the image for this platform alone' },
  json: { short: 'j', help: 'say what was loaded as JSON' },
} as const satisfies FlagTable;

/** `ecli image load`: takes images from a file into the cache. */
export const loadCommand = defineCommand({
  description: 'Takes images into the cache from what ecli image save, skopeo or docker save wrote.',
  operands: '',
  count: { least: 0, most: 0 },
  flags,
  examples: [
    'ecli image load -i tools.tar',
    'ecli image load -t ghcr.io/org/tool:v1 -i layout/',
    'ssh host ecli image save ghcr.io/org/tool:v1 | ecli image load',
  ],
  notes: `Tars may be compressed by gzip or zstd. Everything in them is checked against its digest, but whoever made one
chose the names of its images: take them from somebody you trust, or verify them: ecli image verify.`,

  async run({ flags: { input = '-', tag, platform, json } }, terminal) {
    const { signal } = terminal.interruption;
    const name = tag === undefined ? undefined : spellReference(parseReference(tag));
    const from = input === '-' ? standardInput() : input;
    const loaded = await loadImages(from, await openImageCache(terminal), { signal, name, platform });
    for (const { name: named, descriptor } of loaded) {
      if (named === undefined) {
        terminal.logger.log('warn', `${descriptor.digest}: has no full name there; give it one with --tag`);
      }
    }
    terminal.print(json ? asJson(loaded) : loaded.map(asLine).join(''));
    return 0;
  },
});

/** @throws ARGUMENT_INVALID where a person would have to type a tar */
function standardInput(): ArchiveStream {
  if (isatty(0)) {
    throw new ArgumentError('ecli image load: nothing to read', [], { hint: 'name a file: -i images.tar' });
  }
  return { name: 'standard input', bytes: createReadStream('', { fd: 0, autoClose: false }) };
}

function asLine({ name, descriptor }: LoadedImage): string {
  return `loaded ${printable(name === undefined ? descriptor.digest : `${name}@${descriptor.digest}`)}\n`;
}

function asJson(loaded: readonly LoadedImage[]): string {
  const list = loaded.map(({ name, descriptor: { digest, mediaType, size } }) => ({
    reference: name ?? null,
    digest,
    mediaType,
    size,
  }));
  return `${printableJson(JSON.stringify(list, null, 2))}\n`;
}
