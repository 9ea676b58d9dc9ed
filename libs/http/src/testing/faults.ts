import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import type { Fault, ServerAnswer } from './answer.ts';

/** The answer as it would be without a fault: for the requests of a row that shall succeed. */
export const fine: Fault = (answer) => answer;

/** A status in place of the answer; with `headers` such as `{ 'retry-after': '1' }`. */
export function status(code: number, headers: Readonly<Record<string, string>> = {}, body = ''): Fault {
  return () => ({ status: code, headers, body: Buffer.from(body) });
}

/** Announces the whole body and cuts the connection after `bytes` of it. */
export function cutAfter(bytes: number): Fault {
  return (answer) => ({ ...answer, cutAfter: bytes });
}

/** Announces the whole body and falls silent after `bytes` of it. */
export function stallAfter(bytes: number): Fault {
  return (answer) => ({ ...answer, stallAfter: bytes });
}

/** Reads the request and never answers. */
export const neverAnswers: Fault = (answer) => ({ ...answer, silent: 'stalls' });

/** Cuts the connection in place of an answer. */
export const cutsAtOnce: Fault = (answer) => ({ ...answer, silent: 'cuts' });

/** Answers, and closes a connection of which it let the client think that it may be used again. */
export const hangsUp: Fault = (answer) => ({ ...answer, hangsUp: true });

/** Answers without reading the request's body, and closes the connection. */
export const answersEarly: Fault = (answer) => ({ ...answer, early: true });

/** Answers later. */
export function delay(milliseconds: number): Fault {
  return (answer) => ({ ...answer, delayMs: milliseconds });
}

/** Says a Content-Length that isn't true. Where it is too long the connection is cut after the body. */
export function contentLength(bytes: number): Fault {
  return (answer) => ({
    ...withHeaders(answer, { 'content-length': String(bytes) }),
    ...(bytes > answer.body.byteLength ? { cutAfter: answer.body.byteLength } : {}),
  });
}

/** Sends headers in place of the answer's own, `undefined` for none. */
export function headers(changes: Readonly<Record<string, string | undefined>>): Fault {
  return (answer) => withHeaders(answer, changes);
}

/** Sends other bytes than it has. */
export function bytes(change: (body: Uint8Array) => Uint8Array): Fault {
  return (answer) => ({ ...withHeaders(answer, { 'content-length': undefined }), body: change(answer.body) });
}

/** Sends the body with one bit of it turned over. */
export const wrongByte: Fault = bytes((body) => {
  const copy = Uint8Array.from(body);
  const middle = copy.byteLength >> 1;
  copy[middle] = (copy[middle] ?? 0) ^ 1;
  return copy;
});

/** Redirects to another place. */
export function redirect(location: URL | string, code = 307): Fault {
  return status(code, { location: String(location) });
}

const ENCODERS = { gzip: gzipSync, br: brotliCompressSync, deflate: deflateSync } as const;

/** Sends the body encoded, whether the client takes it or not. */
export function encoded(encoding: keyof typeof ENCODERS): Fault {
  return (answer) => ({
    ...withHeaders(answer, { 'content-encoding': encoding, 'content-length': undefined }),
    body: ENCODERS[encoding](answer.body),
  });
}

/** Several faults in one answer, the first first. */
export function all(...faults: readonly Fault[]): Fault {
  return (answer, request) => faults.reduce((changed, fault) => fault(changed, request), answer);
}

function withHeaders(
  answer: ServerAnswer,
  changes: Readonly<Record<string, string | undefined>>,
): ServerAnswer {
  const entries = Object.entries({ ...answer.headers, ...changes });
  return {
    ...answer,
    headers: Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined)),
  };
}
