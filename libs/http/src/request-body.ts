import type { ClientRequest } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import { hasFailedToWrite } from './failed-writes.ts';
import type { RequestBody } from './types.ts';

const MOST_AT_ONCE = 512 * 1024;

export function sizeOf(body: RequestBody): number {
  return body instanceof Uint8Array ? body.byteLength : body.size;
}

/**
 * Sends `body` and ends the request; stops without ending it once `isAnswered`.
 * @throws what the body's iteration throws, and RangeError when that gives more or fewer bytes than it said
 */
export async function sendBody(
  outgoing: ClientRequest,
  body: RequestBody | undefined,
  sent: ((bytes: number) => void) | undefined,
  isAnswered: () => boolean,
): Promise<void> {
  if (!body) return void outgoing.end();
  let count = 0;
  for await (const chunk of chunksOf(body)) {
    count += chunk.byteLength;
    if (count > sizeOf(body)) break;
    await write(outgoing, chunk);
    if (outgoing.destroyed || (outgoing.socket && hasFailedToWrite(outgoing.socket))) return;
    sent?.(chunk.byteLength);
    if (count === sizeOf(body)) continue;
    // Lets an early answer be read.
    await setImmediate();
    if (isAnswered()) return;
  }
  if (count !== sizeOf(body)) throw new RangeError(`body of ${sizeOf(body)} bytes gave ${count}`);
  outgoing.end();
}

async function* chunksOf(body: RequestBody): AsyncGenerator<Uint8Array> {
  if (body instanceof Uint8Array) {
    yield* pieces(body);
    return;
  }
  for await (const chunk of body.open()) yield* pieces(chunk);
}

function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += MOST_AT_ONCE) {
    yield bytes.subarray(start, start + MOST_AT_ONCE);
  }
}

/** Waits until the bytes are with the kernel, or nobody wants them any more. */
function write(outgoing: ClientRequest, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      outgoing.removeListener('close', done);
      resolve();
    };
    outgoing.once('close', done);
    outgoing.write(chunk, done);
  });
}
