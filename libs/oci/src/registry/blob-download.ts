import { EcliError } from '@ecli/core';
import { type HttpResponse, NetworkError } from '@ecli/http';
import type { Descriptor } from '../types.ts';
import type { RepositoryClient } from './repository-client.ts';

/** How often in a row a download may be cut without a byte having come. */
const FRUITLESS_CUTS = 4;
/** How often it may be cut at all: a server that gives a byte a time would be resumed for ever. */
const MOST_CUTS = 50;
const FIRST_PAUSE_MS = 250;

/** A download of one blob, resumed where it was cut. What came is for others to check. */
export class BlobDownload {
  private bytes = 0;

  constructor(
    private readonly client: RepositoryClient,
    private readonly descriptor: Descriptor,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** Asks for it, and returns what iterates over it. @throws ARTIFACT_NOT_FOUND */
  async open(): Promise<AsyncIterable<Uint8Array>> {
    return this.pieces(await this.request());
  }

  private async *pieces(first: HttpResponse): AsyncGenerator<Uint8Array, void> {
    let response = first;
    for (let cuts = 0, fruitless = 0; ; cuts++) {
      const before = this.bytes;
      // A server that doesn't know ranges begins anew; what came already has been handed on.
      let skipped = response.status === 206 ? 0 : before;
      try {
        for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
          const piece = chunk.subarray(Math.min(skipped, chunk.length));
          skipped -= chunk.length - piece.length;
          this.bytes += piece.length;
          if (piece.length > 0) yield piece;
        }
        return;
      } catch (error) {
        fruitless = this.bytes > before ? 0 : fruitless + 1;
        const isCut =
          error instanceof NetworkError && (error.step === 'transfer' || error.step === 'timeout');
        if (!isCut || cuts >= MOST_CUTS || fruitless > FRUITLESS_CUTS) throw error;
        await this.client.session.pause(FIRST_PAUSE_MS * 2 ** fruitless, this.signal);
      }
      response = await this.request();
    }
  }

  private async request(): Promise<HttpResponse> {
    const { digest, size } = this.descriptor;
    const offset = this.bytes;
    const response = await this.client.send(`blobs/${digest}`, {
      action: 'read',
      signal: this.signal,
      // A blob is its bytes: an encoding that is undone on the way would make them others.
      headers: { 'accept-encoding': 'identity', ...(offset > 0 && { range: `bytes=${offset}-` }) },
    });
    const { status, headers } = response;
    if (status === 206 && offset > 0 && rangeStart(headers['content-range']) === offset) return response;
    if (status !== 200) {
      throw await this.client.refused(response, { action: 'read', subject: this.client.spell(digest) });
    }
    const length = Number(headers['content-length'] ?? size);
    if (length !== size) {
      response.discard();
      throw new EcliError('DIGEST_MISMATCH', `${digest}: ${length} bytes are to come, ${size} were promised`);
    }
    return response;
  }
}

function rangeStart(contentRange: string | undefined): number | undefined {
  const start = /^bytes (\d+)-/i.exec(contentRange ?? '')?.[1];
  return start === undefined ? undefined : Number(start);
}
