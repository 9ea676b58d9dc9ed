import { lstatSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EcliError, printable } from '@ecli/core';
import { likelyNames } from './near-paths.ts';

/** Where a reference points to on this machine. */
export type Location = { readonly kind: 'stdin' } | { readonly kind: 'path'; readonly path: string };

/** Ways to spell standard input that open(2) can't always follow: a socket can't be opened by its /dev name. */
const STDIN: readonly string[] = ['-', '/dev/stdin', '/dev/fd/0', '/proc/self/fd/0'];
const SUFFIX = /\.(json|wasm|o|tar|c)$/;
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
const PATH_SHAPE = /^(\.{0,2}\/|~\/|\.{1,2}$)/;

/**
 * A registry's host before the first slash: it has a dot or a port, or is `localhost`. The grammar is that of
 * the distribution specification's reference implementation (github.com/distribution/reference, `domain`).
 */
const REGISTRY_SHAPE = /^(localhost|[a-z0-9-]+(\.[a-z0-9-]+)+|[a-z0-9.-]+:\d+)\//i;

/**
 * What nobody means but an image: a registry's host, and a port, a tag or a digest. A folder that came from somebody
 * else must not put a file of that name in its place, past the policy for that registry.
 */
const IMAGE_SHAPE = /^(?:[^/]*:\d+\/|.*\/[^/]*:[^/]+$)/;

/**
 * Tells whether `reference` is for this source: it has the shape of a path, or exists, or lies in a folder
 * that exists, or has a program file's suffix and not a registry's shape, or is like a name here or the stem of
 * a program. So a mistyped `pacakge.json` is ours and "not found", as are `opens` and `opns` beside `opens.bpf.c`, and
 * `ghcr.io/x/y:latest` is not. `ghcr.io/x/y` is where there is such a file.
 */
export function isLocal(reference: string): boolean {
  if (reference === '-' || reference.startsWith('file:')) return true;
  if (reference === '' || SCHEME.test(reference)) return false;
  if (PATH_SHAPE.test(reference)) return true;
  if (REGISTRY_SHAPE.test(reference) && IMAGE_SHAPE.test(reference)) return false;
  if (exists(reference)) return true;
  if (reference.includes('/') && exists(dirname(reference))) return true;
  if (isNearName(reference)) return true;
  return SUFFIX.test(reference) && !REGISTRY_SHAPE.test(reference);
}

/** @throws REFERENCE_UNSUPPORTED for a `file:` URL that names no file of this machine */
export function parseLocation(reference: string): Location {
  const path = reference.startsWith('file:') ? pathOfUrl(reference) : reference;
  return STDIN.includes(path) ? { kind: 'stdin' } : { kind: 'path', path };
}

function isNearName(reference: string): boolean {
  if (/[/:]/.test(reference)) return false;
  try {
    return likelyNames(reference, readdirSync('.')).length > 0;
  } catch {
    // A current folder that is gone, or may not be listed, has no programs to offer.
    return false;
  }
}

function pathOfUrl(reference: string): string {
  try {
    // The URL parser takes `file:dist` for `file:///dist`, which nobody means.
    if (!reference.startsWith('file:/')) throw new TypeError('no absolute path');
    return fileURLToPath(reference);
  } catch (cause) {
    throw new EcliError('REFERENCE_UNSUPPORTED', `${printable(reference)}: not the URL of a file here`, {
      hint: 'a file URL is file:// and an absolute path: file:///home/me/package.json',
      cause,
    });
  }
}

function exists(path: string): boolean {
  try {
    // A link that leads nowhere is there too, and fetch says where it leads.
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // No right to look, a loop of links, a name too long: fetch says which, if the reference is ours at all.
    return false;
  }
}
