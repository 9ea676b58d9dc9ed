import { randomUUID } from 'node:crypto';
import { type MemoryRepository, RegistryRefusal } from './memory-repository.ts';

export interface UploadRules {
  /** A PATCH of more is answered by 416, as ghcr.io does over 4 MiB. */
  readonly largestChunkBytes?: number;
  /** Said as `OCI-Chunk-Min-Length`: a PATCH of less has to be the last. */
  readonly leastChunkBytes?: number;
}

/** How far an upload is. */
export interface Progress {
  /** Where it goes on: what follows `/v2/NAME/blobs/uploads/`. */
  readonly place: string;
  readonly size: number;
}

interface Upload {
  readonly repository: MemoryRepository;
  readonly chunks: Buffer[];
  size: number;
  /** Changes with each answer, so that only who follows the newest `Location` gets on. */
  state: string;
  hadSmallChunk: boolean;
}

/** Uploads at work ("Pushing blobs" of the distribution specification). */
export class MemoryUploads {
  private readonly uploads = new Map<string, Upload>();

  constructor(private readonly rules: UploadRules) {}

  /** Starts an upload and returns its place. */
  start(repository: MemoryRepository): string {
    const id = randomUUID();
    const state = randomUUID();
    this.uploads.set(id, { repository, chunks: [], size: 0, state, hadSmallChunk: false });
    return placeOf(id, state);
  }

  /** Takes one chunk; `range` is `Content-Range`, which a streamed body has not. @throws RegistryRefusal */
  append(id: string, state: string | null, range: string | undefined, bytes: Buffer): Progress {
    const upload = this.find(id, state);
    const { largestChunkBytes = Infinity, leastChunkBytes = 0 } = this.rules;
    const [, first, last] =
      /^(\d+)-(\d+)$/.exec(range ?? `${upload.size}-${upload.size + bytes.length - 1}`) ?? [];
    const isNext = Number(first) === upload.size && Number(last) - Number(first) + 1 === bytes.length;
    if (!isNext || bytes.length > largestChunkBytes || upload.hadSmallChunk) {
      throw new RegistryRefusal(416, 'BLOB_UPLOAD_INVALID');
    }
    upload.hadSmallChunk = bytes.length < leastChunkBytes;
    upload.chunks.push(bytes);
    upload.size += bytes.length;
    upload.state = randomUUID();
    return { place: placeOf(id, upload.state), size: upload.size };
  }

  /** Ends an upload with the last chunk, which may be empty, and returns all of it. @throws RegistryRefusal */
  finish(id: string, state: string | null, bytes: Buffer): Buffer {
    const { chunks } = this.find(id, state);
    this.uploads.delete(id);
    return Buffer.concat([...chunks, bytes]);
  }

  /** Whoever asks goes on from there, whatever became of the last answer. @throws RegistryRefusal */
  status(id: string): Progress {
    const upload = this.uploads.get(id);
    if (!upload) throw new RegistryRefusal(404, 'BLOB_UPLOAD_UNKNOWN');
    return { place: placeOf(id, upload.state), size: upload.size };
  }

  private find(id: string, state: string | null): Upload {
    const upload = this.uploads.get(id);
    if (state !== null && upload?.state === state) return upload;
    throw new RegistryRefusal(404, 'BLOB_UPLOAD_UNKNOWN');
  }
}

function placeOf(id: string, state: string): string {
  return `${id}?state=${state}`;
}
