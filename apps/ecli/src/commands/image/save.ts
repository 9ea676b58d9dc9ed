import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { isatty } from 'node:tty';
import { ArgumentError, EcliError, printable, printableJson, systemReason } from '@ecli/core';
import {
  copyAll,
  CopyError,
  ImageLayout,
  ownPlatform,
  type SavedImage,
  saveImages,
  type SaveOptions,
  spellPlatform,
  type WriteBytes,
} from '@ecli/oci';
import { defineCommand } from '../../command.ts';
import type { FlagTable } from '../../flags.ts';
import { findCached, openImageCache } from '../../image-cache.ts';
import type { Terminal } from '../../terminal/terminal.ts';

const flags = {
  output: {
    short: 'o',
    value: 'FILE|DIR/',
    help: 'write a tar, or into a folder; by default to standard output',
  },
  platform: { value: 'OS/ARCH', help: 'save of an index the image for this platform alone' },
  json: { short: 'j', help: 'say what was saved as JSON' },
} as const satisfies FlagTable;

/** `ecli image save`: writes images from the cache into a file. */
export const saveCommand = defineCommand({
  description:
    'Writes images of the cache, with their signatures, as an OCI image layout: one tar, or a folder.',
  operands: 'REF…',
  count: { least: 1, most: Infinity },
  flags,
  examples: [
    'ecli image save -o tools.tar ghcr.io/org/tool:v1 ghcr.io/org/other:v2',
    'ecli image save ghcr.io/org/tool:v1 | ssh host ecli image load',
    'ecli image save -o images/ ghcr.io/org/tool:v1',
  ],
  notes: `ecli image load reads it on a machine without a network, and so does skopeo (oci-archive:FILE:REF, oci:DIR:REF).
The same images give the same bytes. What isn't in the cache is pulled by ecli pull first.`,

  async run({ operands, flags: { output = '-', platform, json } }, terminal) {
    refuseStdout(output, json);
    const cache = await openImageCache(terminal);
    const images = await imagesOf(operands, cache);
    const { signal } = terminal.interruption;
    const options = { signal, platform: platform ?? (await platformThatIsThere(images, cache, terminal)) };
    if (output === '-') {
      await saveImages(cache, images, toStdout(terminal), options);
      return 0;
    }
    const saved = isFolder(output)
      ? await saveIntoFolder(output, cache, images, options)
      : await saveIntoFile(output, (write) => saveImages(cache, images, write, options));
    terminal.print(json ? asJson(saved) : saved.map(asLine).join(''));
    return 0;
  },
});

/** @throws ARGUMENT_INVALID where a person would see the bytes, and where something else is to come there too */
function refuseStdout(output: string, json: boolean): void {
  if (output !== '-') return;
  if (json) {
    throw new ArgumentError('--json: standard output is where the tar goes', [], {
      hint: 'name a file: -o images.tar',
    });
  }
  if (!isatty(1)) return;
  throw new ArgumentError('ecli image save: a tar is nothing for a terminal', [], {
    hint: 'name a file: -o images.tar',
  });
}

async function imagesOf(operands: readonly string[], cache: ImageLayout): Promise<SavedImage[]> {
  const entries = await cache.list();
  return operands.flatMap((operand) => {
    const found = findCached(entries, operand);
    const named = found.flatMap(({ reference, descriptor }) =>
      reference === undefined ? [] : { reference, descriptor },
    );
    if (named.length > 0) return named;
    throw new EcliError('ARTIFACT_NOT_FOUND', `${printable(operand)}: has no name to be saved under`, {
      hint: 'give it one: ecli image copy oci:FOLDER cache:NAME, or ecli image load --tag NAME',
    });
  });
}

/** The cache has of an index what was pulled, which mostly is one platform. */
async function platformThatIsThere(
  images: readonly SavedImage[],
  cache: ImageLayout,
  { logger }: Terminal,
): Promise<string | undefined> {
  for (const { reference, descriptor } of images) {
    if (await cache.isWhole(descriptor)) continue;
    const own = spellPlatform(ownPlatform());
    logger.log('warn', `${reference}: not whole in the cache; what it has for ${own} is saved`);
    return own;
  }
  return undefined;
}

function isFolder(output: string): boolean {
  return output.endsWith('/') || existsSync(`${output}/.`);
}

async function saveIntoFolder(
  folder: string,
  cache: ImageLayout,
  images: readonly SavedImage[],
  options: SaveOptions,
): Promise<readonly SavedImage[]> {
  const target = await ImageLayout.open(folder, { create: true, isShared: true });
  return copyAll(cache, images, target, options).catch((error: unknown) => {
    const isFrom = error instanceof CopyError && error.side === 'from';
    const isUnwritten = error instanceof EcliError && error.code === 'CACHE_FAILED' && !isFrom;
    throw isUnwritten ? outputFailure(folder, rootOf(error)) : error;
  });
}

/** What the operating system said. */
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}

/** A file that is there is replaced once the new one is whole; a pipe or device is written to. */
async function saveIntoFile<Saved>(
  path: string,
  save: (write: WriteBytes) => Promise<Saved>,
): Promise<Saved> {
  const special = await stat(path).then(
    (stats) => !stats.isFile(),
    () => false,
  );
  const draft = special ? path : `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    const file = await openFor(draft, path, special ? 'w' : 'wx');
    const saved = await save((bytes) => writeAll(file, bytes, path)).finally(() => file.close());
    if (!special) await rename(draft, path);
    return saved;
  } catch (error) {
    if (!special) await rm(draft, { force: true });
    throw error;
  }
}

async function openFor(draft: string, path: string, flags: 'w' | 'wx'): Promise<FileHandle> {
  return open(draft, flags).catch((error: unknown) => {
    throw outputFailure(path, error);
  });
}

async function writeAll(file: FileHandle, bytes: Uint8Array, path: string): Promise<void> {
  try {
    for (let offset = 0; offset < bytes.length;) {
      offset += (await file.write(bytes, offset)).bytesWritten;
    }
  } catch (error) {
    throw outputFailure(path, error);
  }
}

function outputFailure(path: string, error: unknown): EcliError {
  return new EcliError('OUTPUT_FAILED', `${printable(path)}: can't be written: ${systemReason(error)}`, {
    cause: error,
  });
}

/** As fast as whoever reads takes it. */
function toStdout({ stdout }: Terminal): WriteBytes {
  return async (bytes) => {
    stdout.write(Buffer.from(bytes));
    await stdout.flushed();
    if (stdout.error) throw stdout.error;
  };
}

function asLine({ reference, descriptor }: SavedImage): string {
  return `saved ${printable(reference)}${reference.includes('@') ? '' : `@${descriptor.digest}`}\n`;
}

function asJson(saved: readonly SavedImage[]): string {
  const list = saved.map(({ reference, descriptor: { digest, mediaType, size } }) => ({
    reference,
    digest,
    mediaType,
    size,
  }));
  return `${printableJson(JSON.stringify(list, null, 2))}\n`;
}
