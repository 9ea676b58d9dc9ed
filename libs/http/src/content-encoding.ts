import type { IncomingHttpHeaders } from 'node:http';
import { pipeline, Readable, type Duplex } from 'node:stream';
import { printable } from '@ecli/core';
import { NetworkError } from './network-error.ts';
import { spellUrl } from './spell-url.ts';

/**
 * What servers are told that can be undone. zstd is Node's from 22.15 on; before, servers are left to choose another,
 * for the decoders in JavaScript take windows of any size and so can be made to fill the memory.
 */
export const ACCEPTED_ENCODINGS = `gzip, deflate, br${hasZstd(process.versions.node) ? ', zstd' : ''}`;

/** By the version: asking node:zlib would load it where nothing is encoded. */
function hasZstd(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 23 || (major === 23 && minor >= 8) || (major === 22 && minor >= 15);
}

/** More than one is rare, and each is work that the server makes. */
const MOST_ENCODINGS = 3;

/** The encodings of a body, in the order in which the server applied them. */
export function encodingsOf(headers: IncomingHttpHeaders): string[] {
  return (headers['content-encoding'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '' && name !== 'identity');
}

/**
 * Undoes `encodings` of `body`.
 * @throws NETWORK_FAILED for an encoding that nobody asked for
 */
export async function decode(body: Readable, encodings: readonly string[], url: URL): Promise<Readable> {
  if (encodings.length > MOST_ENCODINGS) throw undecodable(encodings, url);
  const decoders: Duplex[] = [];
  for (const encoding of [...encodings].reverse()) {
    const decoder = await createDecoder(encoding);
    if (!decoder) throw undecodable(encodings, url);
    decoders.push(decoder);
  }
  return Readable.from(decoded(body, decoders, url), { objectMode: false });
}

async function* decoded(body: Readable, decoders: readonly Duplex[], url: URL): AsyncGenerator<Uint8Array> {
  const failed = firstToFail([body, ...decoders]);
  // Errors reach the end of the line, where they are thrown.
  const end = pipeline([body, ...decoders], () => undefined) as unknown as Readable;
  try {
    for await (const chunk of end) yield chunk as Uint8Array;
  } catch (error) {
    if (failed() === body) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new NetworkError('transfer', `${spellUrl(url)}: is encoded wrongly (${code ?? message})`, {
      cause: error,
    });
  } finally {
    body.destroy();
  }
}

/** One stream's failure becomes that of the others, so it must be seen where it happens. */
function firstToFail(streams: readonly Readable[]): () => Readable | undefined {
  let first: Readable | undefined;
  for (const stream of streams) stream.once('error', () => (first ??= stream));
  return () => first;
}

/** Of node:zlib what its types of Node 20 lack. */
interface Zstd {
  createZstdDecompress?(options: { readonly params: Readonly<Record<number, number>> }): Duplex;
  readonly constants: { readonly ZSTD_d_windowLogMax?: number };
}

/** The window that a zstd body may ask for, as a power of two: 8 MiB (RFC 9659, 3). */
const ZSTD_WINDOW_LOG = 23;

async function createDecoder(encoding: string): Promise<Duplex | undefined> {
  const zlib = await import('node:zlib');
  if (encoding === 'gzip' || encoding === 'x-gzip') return zlib.createGunzip();
  if (encoding === 'deflate') return zlib.createInflate();
  if (encoding === 'br') return zlib.createBrotliDecompress();
  if (encoding !== 'zstd') return undefined;
  const zstd = zlib as unknown as Zstd;
  const { ZSTD_d_windowLogMax: windowLogMax } = zstd.constants;
  const params = windowLogMax === undefined ? {} : { [windowLogMax]: ZSTD_WINDOW_LOG };
  return zstd.createZstdDecompress?.({ params });
}

function undecodable(encodings: readonly string[], url: URL): NetworkError {
  const names = printable(encodings.join(', ').slice(0, 100));
  return new NetworkError('transfer', `${spellUrl(url)}: is encoded as ${names}, which was not asked for`);
}
