import { EcliError, listed, nearNames, printable } from '@ecli/core';
import {
  cacheFolder,
  ImageLayout,
  isReference,
  type LayoutEntry,
  parseReference,
  spellReference,
  spellRepository,
} from '@ecli/oci';
import type { Terminal } from './terminal/terminal.ts';

/** Opens the cache for commands that ask no registry. @throws CACHE_FAILED */
export function openImageCache({ logger }: Terminal): Promise<ImageLayout> {
  return ImageLayout.open(cacheFolder(process.env), {
    create: true,
    warn: (line) => logger.log('warn', line),
    diagnose: (line) => logger.log('debug', line),
  });
}

/** The beginning of a digest, as lists show it. */
const SHORT_DIGEST = /^(?:sha256:|sha512:)?(?<hex>[0-9a-f]{6,128})$/;

/**
 * Finds the images that `text` names among those of the cache: a reference names one, a digest or its beginning one
 * under all its names.
 *
 * @throws ARTIFACT_NOT_FOUND naming what is near, ARGUMENT_INVALID for the beginning of several digests
 */
export function findCached(entries: readonly LayoutEntry[], text: string): readonly LayoutEntry[] {
  const named = entries.filter(({ reference }) => reference === text || reference === spelled(text));
  if (named.length > 0) return named;
  const pinned = pinnedIn(entries, text);
  if (pinned.length > 0) return pinned;
  const begun = begunWith(entries, text);
  const digests = new Set(begun.map(({ descriptor }) => descriptor.digest));
  if (digests.size > 1) {
    throw new EcliError('ARGUMENT_INVALID', `${printable(text)}: the beginning of several digests`, {
      hint: `give more of it: ${listed([...digests])}`,
    });
  }
  if (begun.length > 0) return begun;
  throw notFound(entries, text);
}

function spelled(text: string): string | undefined {
  return isReference(text) ? spellReference(parseReference(text)) : undefined;
}

/** `REPOSITORY@DIGEST`, of an image that has other names there. */
function pinnedIn(entries: readonly LayoutEntry[], text: string): readonly LayoutEntry[] {
  if (!isReference(text)) return [];
  const wanted = parseReference(text);
  if (wanted.digest === undefined) return [];
  const repository = spellRepository(wanted);
  return entries.filter(({ reference, descriptor }) => {
    return descriptor.digest === wanted.digest && reference?.startsWith(`${repository}:`) === true;
  });
}

function begunWith(entries: readonly LayoutEntry[], text: string): readonly LayoutEntry[] {
  const { hex } = SHORT_DIGEST.exec(text)?.groups ?? {};
  if (hex === undefined) return [];
  return entries.filter(({ descriptor: { digest } }) =>
    digest.slice(digest.indexOf(':') + 1).startsWith(hex),
  );
}

function notFound(entries: readonly LayoutEntry[], text: string): EcliError {
  const names = entries.flatMap(({ reference, belongsTo }) =>
    belongsTo === undefined ? (reference ?? []) : [],
  );
  const near = nearNames(spelled(text) ?? text, names);
  return new EcliError('ARTIFACT_NOT_FOUND', `${printable(text)}: not in the cache`, {
    hint: near.length > 0 ? `did you mean ${listed(near)}?` : 'ecli image list shows what is there',
  });
}
