import type { Stats } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { isatty } from 'node:tty';
import { EcliError, printable, type FetchContext } from '@ecli/core';
import { unreadable } from './failures.ts';

/** How much is read, until when, and who is told. */
export interface ReadLimits extends Pick<FetchContext, 'signal' | 'progress'> {
  readonly limitBytes: number;
}

/** Most packages come in one read of this size. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Reads the whole of a file or FIFO. A file that is too large is refused unread; one that grows, or a stream,
 * as soon as it passes the limit.
 */
export async function readFile(path: string, stats: Stats, limits: ReadLimits): Promise<Uint8Array> {
  if (stats.size > limits.limitBytes) throw tooLarge(path, limits.limitBytes, stats.size);
  // Opening a FIFO waits for its writer, in a thread that nothing can call back: stop waiting for the thread.
  const opening = open(path).catch(async (error: unknown) => Promise.reject(await unreadable(path, error)));
  const handle = await untilAborted(opening, limits.signal).catch((error: unknown) => {
    void opening.then((late) => late.close()).catch(() => undefined);
    throw error;
  });
  const total = stats.isFile() ? stats.size : undefined;
  try {
    return await collect(chunksOf(handle, path, limits.signal), path, total, limits);
  } finally {
    const closing = handle.close().catch(() => undefined);
    // An abort leaves a read behind that may be stuck in a FIFO, and close waits for it.
    if (!limits.signal.aborted) await closing;
  }
}

/** Reads standard input to its end. */
export async function readStdin(limits: ReadLimits): Promise<Uint8Array> {
  if (isatty(0)) {
    throw new EcliError('ARTIFACT_UNREADABLE', 'standard input: a terminal, not a program', {
      hint: 'send one: cat package.json | ecli run -',
    });
  }
  const { stdin } = process;
  const stop = (): void => void stdin.destroy();
  limits.signal.addEventListener('abort', stop, { once: true });
  try {
    return await collect(stdin, 'standard input', undefined, limits);
  } catch (error) {
    limits.signal.throwIfAborted();
    throw error instanceof EcliError ? error : await unreadable('standard input', error);
  } finally {
    limits.signal.removeEventListener('abort', stop);
  }
}

/** Each chunk is lent until the next one is asked for. */
async function* chunksOf(handle: FileHandle, path: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  while (true) {
    const reading = handle
      .read(buffer, 0, buffer.byteLength)
      .catch(async (error: unknown) => Promise.reject(await unreadable(path, error)));
    const { bytesRead } = await untilAborted(reading, signal);
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
  let content = new Uint8Array(total ?? CHUNK_BYTES);
  let received = 0;
  for await (const chunk of chunks) {
    limits.signal.throwIfAborted();
    const needed = received + chunk.byteLength;
    if (needed > limits.limitBytes) throw tooLarge(name, limits.limitBytes);
    if (needed > content.byteLength) content = enlarged(content, needed);
    content.set(chunk, received);
    received = needed;
    limits.progress?.(received, total);
  }
  return content.subarray(0, received);
}

/** Doubles, so that a stream of any length is copied about once in all. */
function enlarged(content: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(needed, content.byteLength * 2));
  larger.set(content);
  return larger;
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  // The loser of the race may still fail, and nobody is left to hear it.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function tooLarge(name: string, limitBytes: number, size?: number): EcliError {
  const limit = `${Math.floor(limitBytes / (1024 * 1024))} MiB`;
  const what = size === undefined ? 'more' : `${Math.ceil(size / (1024 * 1024))} MiB, more`;
  return new EcliError('ARTIFACT_TOO_LARGE', `${printable(name)}: ${what} than the ${limit} that ecli reads`);
}
