import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EcliError, printable } from '@ecli/core';
import { JsonReader } from '../manifest/read-json.ts';
import { cacheFailure, errnoOf } from './cache-error.ts';
import { makeFolders } from './make-folders.ts';
import { uniqueToken } from './process-identity.ts';

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md#oci-layout-file */
const VERSION_FILE = 'oci-layout';
const VERSION = '1.0.0';

/** Tells whether `folder` is a layout. @throws CACHE_FAILED for one of a version that isn't known, and for a file that can't be read */
export function isLayout(folder: string): boolean {
  const path = join(folder, VERSION_FILE);
  const bytes = readIfThere(path, folder);
  if (!bytes) return false;
  const version = new JsonReader(path).parse(bytes)['imageLayoutVersion'];
  if (version === VERSION) return true;
  const found = typeof version === 'string' ? version : 'none';
  throw new EcliError('CACHE_FAILED', `${printable(path)}: version ${printable(found)}, not ${VERSION}`);
}

function readIfThere(path: string, folder: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw cacheFailure(folder, error);
  }
}

/** Makes a layout of `folder`, as far as it is none; for its owner alone unless `isShared`. */
export function makeLayout(folder: string, isShared = false): void {
  makeFolders(folder, isShared ? 0o777 : 0o700);
  for (const each of ['blobs/sha256', 'ingest', 'locks']) {
    makeFolders(join(folder, each));
  }
  if (!isLayout(folder)) writeVersion(folder);
}

function writeVersion(folder: string): void {
  const draft = join(folder, 'ingest', uniqueToken());
  writeFileSync(draft, JSON.stringify({ imageLayoutVersion: VERSION }));
  renameSync(draft, join(folder, VERSION_FILE));
}
