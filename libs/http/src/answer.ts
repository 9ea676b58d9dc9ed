import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { EcliError } from '@ecli/core';
import { decode, encodingsOf } from './content-encoding.ts';
import type { Answer } from './exchange.ts';
import { GrowingBuffer } from './growing-buffer.ts';
import { spellUrl } from './spell-url.ts';
import type { HttpResponse } from './types.ts';

/** Up to here it is cheaper to read an unwanted body than to make a new connection. */
const READ_AWAY_BYTES = 64 * 1024;

/** Makes the answer to a caller's request of what came from `url`, decoded unless the caller has chosen encodings. */
export async function responseOf(answer: Answer, url: URL, decoded: boolean): Promise<HttpResponse> {
  const { headers, statusCode = 0 } = answer.incoming;
  // Nobody thinks of reading what isn't there, and the connection waits for that.
  if (isEmpty(answer.incoming)) answer.body.resume();
  const encodings = decoded && !isEmpty(answer.incoming) ? encodingsOf(headers) : [];
  if (encodings.length === 0) return new Response(statusCode, headers, url, answer.body, answer);
  // They speak of the bytes on the wire, which nobody gets to see.
  const { 'content-encoding': _encoding, 'content-length': _length, ...others } = headers;
  try {
    const body = await decode(answer.body, encodings, url);
    return new Response(statusCode, others, url, body, answer);
  } catch (error) {
    answer.body.destroy();
    throw error;
  }
}

/** Lets an answer go unread. */
export function discard({ incoming, body }: Answer): void {
  const size = Number(incoming.headers['content-length'] ?? READ_AWAY_BYTES + 1);
  if (size <= READ_AWAY_BYTES || hasNoBody(incoming)) body.resume();
  else body.destroy();
}

/** Whose Content-Length is that of another answer (RFC 9110, 8.6). */
function hasNoBody({
  statusCode,
  req,
}: Answer['incoming'] & { readonly req?: { readonly method: string } }): boolean {
  return statusCode === 304 || req?.method === 'HEAD';
}

/** Nothing is not encoded, whatever the headers say. */
function isEmpty(incoming: Answer['incoming']): boolean {
  return hasNoBody(incoming) || incoming.statusCode === 204 || incoming.headers['content-length'] === '0';
}

class Response implements HttpResponse {
  constructor(
    readonly status: number,
    readonly headers: IncomingHttpHeaders,
    readonly url: URL,
    readonly body: Readable,
    private readonly answer: Answer,
  ) {}

  async bytes(limitBytes: number): Promise<Uint8Array> {
    const stated = hasNoBody(this.answer.incoming) ? 0 : Number(this.headers['content-length'] ?? 0);
    if (stated > limitBytes) throw this.tooLarge(limitBytes);
    const content = new GrowingBuffer(stated);
    for await (const chunk of this.body as AsyncIterable<Uint8Array>) {
      if (content.size + chunk.byteLength > limitBytes) throw this.tooLarge(limitBytes);
      content.add(chunk);
    }
    return content.bytes();
  }

  discard(): void {
    discard(this.answer);
  }

  private tooLarge(limitBytes: number): EcliError {
    this.discard();
    return new EcliError('ARTIFACT_TOO_LARGE', `${spellUrl(this.url)}: has more than ${limitBytes} bytes`);
  }
}
