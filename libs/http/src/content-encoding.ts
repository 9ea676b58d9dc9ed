import type { IncomingHttpHeaders } from 'node:http';
import { pipeline, Readable, type Duplex } from 'node:stream';
import { EcliError, printable } from '@ecli/core';
import { NetworkError } from './network-error.ts';
import { spellUrl } from './spell-url.ts';

/** What servers are told that can be undone. */
export const ACCEPTED_ENCODINGS = 'gzip, deflate, br';

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
  // Errors reach the end of the line, where they are thrown.
  const end = pipeline([body, ...decoders], () => undefined) as unknown as Readable;
  try {
    for await (const chunk of end) yield chunk as Uint8Array;
  } catch (error) {
    if (error instanceof EcliError || body.errored !== null) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new NetworkError('transfer', `${spellUrl(url)}: is encoded wrongly (${code ?? message})`, {
      cause: error,
    });
  } finally {
    body.destroy();
  }
}

async function createDecoder(encoding: string): Promise<Duplex | undefined> {
  const zlib = await import('node:zlib');
  if (encoding === 'gzip' || encoding === 'x-gzip') return zlib.createGunzip();
  if (encoding === 'deflate') return zlib.createInflate();
  if (encoding === 'br') return zlib.createBrotliDecompress();
  return undefined;
}

function undecodable(encodings: readonly string[], url: URL): NetworkError {
  const names = printable(encodings.join(', ').slice(0, 100));
  return new NetworkError('transfer', `${spellUrl(url)}: is encoded as ${names}, which was not asked for`);
}
