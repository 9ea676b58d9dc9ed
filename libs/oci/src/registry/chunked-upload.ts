import type { HttpResponse } from '@ecli/http';
import type { Descriptor } from '../types.ts';
import type { RepositoryClient } from './repository-client.ts';
import type { UploadProgress } from './upload-progress.ts';
import type { UploadSession } from './upload-session.ts';

/** What ghcr.io takes at most, and what others are glad of. */
const CHUNK_BYTES = 4 * 1024 * 1024;
/** Chunks are halved down to this for those who take less. */
const LEAST_CHUNK_BYTES = 64 * 1024;
/** How often a registry may say that it has another part of the blob than was sent. */
const MOST_RESTARTS = 5;

const TOO_LARGE: readonly number[] = [413, 416];

/** Uploads a blob piece by piece, for registries that don't take it whole (distribution-spec, "in chunks"). */
export class ChunkedUpload {
  private chunkBytes: number;
  private restarts = 0;

  constructor(
    private readonly client: RepositoryClient,
    private readonly session: UploadSession,
    private readonly descriptor: Descriptor,
    private readonly open: () => AsyncIterable<Uint8Array>,
    private readonly progress: UploadProgress,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.chunkBytes = this.ofBlob(Math.max(CHUNK_BYTES, session.leastChunkBytes));
  }

  async run(): Promise<void> {
    let offset = 0;
    while (offset < this.descriptor.size || offset === 0) {
      const reached = await this.sendFrom(offset);
      if (reached === this.descriptor.size) break;
      offset = reached;
    }
    const response = await this.client.send('', {
      method: 'PUT',
      url: this.session.closing(this.descriptor.digest),
      action: 'write',
      repeatable: false,
      signal: this.signal,
    });
    await this.session.expectStored(response, this.descriptor);
  }

  /** Sends chunks from `offset` on; returns where to go on: the end, or where the registry says that it stands. */
  private async sendFrom(offset: number): Promise<number> {
    let position = offset;
    for await (const chunk of chunksOf(skip(this.open(), offset), () => this.chunkBytes)) {
      const response = await this.sendChunk(chunk, position);
      if (response.status === 202) {
        response.discard();
        this.session.follow(response);
        position += chunk.length;
        this.progress.reached(position);
        continue;
      }
      return this.recover(response, position);
    }
    return this.descriptor.size;
  }

  private sendChunk(chunk: Uint8Array, position: number): Promise<HttpResponse> {
    return this.client.send('', {
      method: 'PATCH',
      url: this.session.next,
      action: 'write',
      headers: {
        'content-type': 'application/octet-stream',
        'content-range': `${position}-${position + chunk.length - 1}`,
      },
      body: chunk,
      signal: this.signal,
    });
  }

  /** Takes smaller chunks where they were too large, and goes on where the registry says that it stands. */
  private async recover(response: HttpResponse, position: number): Promise<number> {
    const mayHelp = TOO_LARGE.includes(response.status) && this.restarts < MOST_RESTARTS;
    const state = mayHelp ? await this.askState() : undefined;
    if (state === undefined || state > this.descriptor.size) {
      throw await this.client.refused(response, {
        action: 'write',
        subject: this.client.spell(this.descriptor.digest),
      });
    }
    response.discard();
    const halved = this.ofBlob(
      Math.max(Math.ceil(this.chunkBytes / 2), LEAST_CHUNK_BYTES, this.session.leastChunkBytes),
    );
    if (state !== position || halved === this.chunkBytes) this.restarts += 1;
    if (state === position) this.chunkBytes = halved;
    return state;
  }

  /** No more than there is: a registry may ask for chunks of any size. */
  private ofBlob(chunkBytes: number): number {
    return Math.min(chunkBytes, Math.max(this.descriptor.size, 1));
  }

  /** How many bytes the registry has; undefined when it doesn't say. */
  private async askState(): Promise<number | undefined> {
    const response = await this.client.send('', {
      url: this.session.next,
      action: 'write',
      signal: this.signal,
    });
    response.discard();
    if (response.status !== 204) return undefined;
    this.session.follow(response);
    const last = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.range ?? '')?.[1];
    // "0-0" is what registries say of one byte and, for want of anything better, of none.
    return last === undefined || last === '0' ? 0 : Number(last) + 1;
  }
}

/** Leaves out the first `bytes` of content. */
async function* skip(content: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array, void> {
  let left = bytes;
  for await (const piece of content) {
    const rest = piece.subarray(Math.min(left, piece.length));
    left -= piece.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}

/** Cuts content into chunks of the size that is wanted when each begins; the last may be smaller. */
async function* chunksOf(
  content: AsyncIterable<Uint8Array>,
  size: () => number,
): AsyncGenerator<Uint8Array, void> {
  let chunk = new Uint8Array(size());
  let filled = 0;
  for await (const piece of content) {
    for (let rest = piece; rest.length > 0;) {
      const part = rest.subarray(0, chunk.length - filled);
      chunk.set(part, filled);
      filled += part.length;
      rest = rest.subarray(part.length);
      if (filled < chunk.length) continue;
      yield chunk;
      chunk = new Uint8Array(size());
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}
