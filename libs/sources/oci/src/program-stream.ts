import { programContentOf, programMediaType, type ProgramLayer } from '@ecli/oci';

/** As much as tells a program's kind: a tar's magic ends at byte 262. */
const HEAD_BYTES = 1024;

/** RFC 1952, 2.3.1 */
const GZIP = [0x1f, 0x8b] as const;

/** Bytes that were checked already, to be read as often as one likes. */
export interface CheckedBytes {
  open(): AsyncIterable<Uint8Array>;
  /** A file that holds them, which may be copied instead. */
  readonly path?: string;
}

export interface ProgramStream extends CheckedBytes {
  /** One of core's. */
  readonly mediaType: string;
}

/** As `programContentOf`, of bytes that needn't be in memory: only those that are compressed are. */
export async function programStreamOf(bytes: CheckedBytes, layer: ProgramLayer): Promise<ProgramStream> {
  const head = await readHead(bytes.open());
  if (!GZIP.every((byte, index) => head[index] === byte)) {
    return { ...bytes, mediaType: programMediaType(layer.descriptor.mediaType, head, layer.title) };
  }
  const { content, mediaType } = await programContentOf(await readAll(bytes.open()), layer);
  return { ...inMemory(content), mediaType };
}

export function inMemory(content: Uint8Array): CheckedBytes {
  return {
    open: async function* () {
      yield content;
    },
  };
}

async function readHead(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array();
  for await (const piece of pieces) {
    // A piece is lent until the next one is asked for.
    head = Buffer.concat([head, piece.subarray(0, HEAD_BYTES)]);
    if (head.byteLength >= HEAD_BYTES) break;
  }
  return head;
}

async function readAll(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(Uint8Array.from(piece));
  return Buffer.concat(all);
}
