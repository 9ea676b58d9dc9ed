import { constants, openSync, type Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { EcliError, printable, type FetchContext, type TransferState } from '@ecli/core';
import { unreadable } from './failures.ts';

/** How much is read, until when, and who is told. */
export interface ReadLimits extends Pick<FetchContext, 'signal' | 'progress'> {
  readonly limitBytes: number;
}

/** Most packages come in one read of this size. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Reads the whole of a file. One that is too large is refused unread; one that grows meanwhile, as soon as it
 * passes the limit.
 */
export async function readFile(path: string, stats: Stats, limits: ReadLimits): Promise<Uint8Array> {
  if (stats.size > limits.limitBytes) throw tooLarge(path, limits.limitBytes, stats.size);
  const handle = await opened(() => open(path), path);
  try {
    return await collect(chunksOf(handle), path, stats.size, limits);
  } finally {
    await handle.close();
  }
}

/**
 * Reads a FIFO to its end. Opened without blocking and watched by the event loop: a read(2) that waits for a
 * writer would hold a thread that nothing can call back, and node can't exit while a thread is held.
 */
export async function readFifo(path: string, limits: ReadLimits): Promise<Uint8Array> {
  const { Socket } = await import('node:net');
  const fd = await opened(() => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), path);
  const socket = new Socket({ fd, readable: true, writable: false });
  try {
    return await readStream(socket, path, limits);
  } finally {
    socket.destroy();
  }
}

/** Reads standard input to its end. */
export async function readStdin(limits: ReadLimits): Promise<Uint8Array> {
  const { isatty } = await import('node:tty');
  if (isatty(0)) {
    throw new EcliError('ARTIFACT_UNREADABLE', 'standard input: a terminal, not a program', {
      hint: 'send one: cat package.json | ecli run -',
    });
  }
  return readStream(process.stdin, 'standard input', limits);
}

async function opened<T>(openIt: () => T, path: string): Promise<Awaited<T>> {
  try {
    return await openIt();
  } catch (error) {
    throw await unreadable(path, error);
  }
}

async function readStream(
  stream: NodeJS.ReadableStream & { destroy(): unknown },
  name: string,
  limits: ReadLimits,
): Promise<Uint8Array> {
  limits.signal.throwIfAborted();
  const stop = (): void => void stream.destroy();
  limits.signal.addEventListener('abort', stop, { once: true });
  try {
    return await collect(stream as AsyncIterable<Uint8Array>, name, undefined, limits);
  } finally {
    limits.signal.removeEventListener('abort', stop);
  }
}

/** Each chunk is lent until the next one is asked for. */
async function* chunksOf(handle: FileHandle): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  while (true) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}

async function collect(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  total: number | undefined,
  limits: ReadLimits,
): Promise<Uint8Array> {
  try {
    return await gather(chunks, name, total, limits);
  } catch (error) {
    limits.signal.throwIfAborted();
    throw error instanceof EcliError ? error : await unreadable(name, error);
  }
}

async function gather(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  total: number | undefined,
  limits: ReadLimits,
): Promise<Uint8Array> {
  const report = (state: TransferState, bytes: number): void =>
    limits.progress?.({ id: name, name, bytes, state, ...(total !== undefined && { totalBytes: total }) });
  let content = new Uint8Array(total ?? CHUNK_BYTES);
  let received = 0;
  for await (const chunk of chunks) {
    limits.signal.throwIfAborted();
    const needed = received + chunk.byteLength;
    if (needed > limits.limitBytes) throw tooLarge(name, limits.limitBytes);
    if (needed > content.byteLength) content = enlarged(content, needed);
    content.set(chunk, received);
    received = needed;
    report('running', received);
  }
  limits.signal.throwIfAborted();
  report('done', received);
  return content.subarray(0, received);
}

/** Doubles, so that a stream of any length is copied about once in all. */
function enlarged(content: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(needed, content.byteLength * 2));
  larger.set(content);
  return larger;
}

function tooLarge(name: string, limitBytes: number, size?: number): EcliError {
  const limit = `${Math.floor(limitBytes / (1024 * 1024))} MiB`;
  const what = size === undefined ? 'more' : `${Math.ceil(size / (1024 * 1024))} MiB, more`;
  return new EcliError('ARTIFACT_TOO_LARGE', `${printable(name)}: ${what} than the ${limit} that ecli reads`);
}
