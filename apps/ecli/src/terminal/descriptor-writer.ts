import { writev } from 'node:fs';
import { EcliError, type Backpressure } from '@ecli/core';

/** writev(2), as node:fs has it; a parameter so that tests can be the kernel. */
export type WriteVector = (
  fd: number,
  buffers: readonly Uint8Array[],
  done: (error: NodeJS.ErrnoException | null, bytesWritten: number) => void,
) => void;

export interface DescriptorWriterOptions {
  readonly writeVector?: WriteVector;
  /** Bytes queued or being written from which on `wait` asks for patience; 1 MiB by default. */
  readonly limitBytes?: number;
}

/** What became of the reader: `open` takes bytes, `closed` has had enough (EPIPE), `failed` can't take them. */
export type WriterState = 'open' | 'closed' | 'failed';

/** A chunk, or what is left of it. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly release?: (() => void) | undefined;
}

const LIMIT_BYTES = 1024 * 1024;
/**
 * How much one call may hold. A call to a full pipe returns only when all of it is taken, so a slow reader gets
 * less at once (PIPE_BUF, pipe(7)): what it takes shows, and it isn't mistaken for a stuck one.
 */
const CALL_BYTES = { fast: 256 * 1024, slow: 4096 };
const SLOW_MS = 100;
const FIRST_RETRY_MS = 1;
const LAST_RETRY_MS = 32;

/**
 * Writes chunks to a file descriptor in order, whole, and in bounded memory. Unlike `process.stdout`, which
 * writes to pipes and files synchronously, it writes on a libuv thread: however slow the reader, the event
 * loop stays free to see Ctrl-C.
 */
export class DescriptorWriter implements Backpressure {
  state: WriterState = 'open';
  /** Why the state is `failed`. */
  error: EcliError | undefined;
  private readonly queue: Piece[] = [];
  private readonly writeVector: WriteVector;
  private readonly limitBytes: number;
  private pendingBytes = 0;
  private progress = 0;
  private writing = false;
  private callBytes = CALL_BYTES.fast;
  private retryMs = FIRST_RETRY_MS;
  private room: Signal | undefined;
  private idle: Signal | undefined;
  private readonly ended = new Signal();

  constructor(
    private readonly fd: number,
    private readonly name: string,
    options: DescriptorWriterOptions = {},
  ) {
    this.writeVector = options.writeVector ?? writev;
    this.limitBytes = options.limitBytes ?? LIMIT_BYTES;
  }

  /** Resolves when the reader has closed its end or writing has failed: `state` says which. */
  get end(): Promise<void> {
    return this.ended.promise;
  }

  /** True while the kernel holds a write: node can't exit normally before it returns. */
  get isWriting(): boolean {
    return this.writing;
  }

  /** True when all that was written has been taken. */
  get isIdle(): boolean {
    return this.pendingBytes === 0;
  }

  /** Bytes the kernel has taken so far. */
  get writtenBytes(): number {
    return this.progress;
  }

  /**
   * Queues `bytes`, which the writer owns until it calls `release`; after a failure it may never do so.
   * Without effect once the reader is gone.
   */
  write(bytes: Uint8Array, release?: () => void): void {
    this.writeAll([{ bytes, release }]);
  }

  /** As `write`, for pieces that go out together: in one call, where nothing waits before them and they fit. */
  writeAll(pieces: readonly Piece[]): void {
    for (const piece of pieces) this.enqueue(piece);
    this.writeNext();
  }

  wait(): Promise<void> | undefined {
    if (this.pendingBytes < this.limitBytes) return undefined;
    this.room ??= new Signal();
    return this.room.promise;
  }

  /** Resolves when all that was written has been taken, or nothing more will be. */
  flushed(): Promise<void> {
    if (this.isIdle) return Promise.resolve();
    this.idle ??= new Signal();
    return this.idle.promise;
  }

  /** Gives up on the reader: drops what waits and whatever is written from now on. */
  abandon(): void {
    this.finish('closed');
  }

  private enqueue(piece: Piece): void {
    const { bytes, release } = piece;
    if (this.state !== 'open' || bytes.byteLength === 0) return release?.();
    this.queue.push(piece);
    this.pendingBytes += bytes.byteLength;
  }

  private writeNext(): void {
    if (this.writing || this.queue.length === 0) return;
    this.writing = true;
    const begunMs = performance.now();
    this.writeVector(this.fd, this.batch(), (error, bytesWritten) => {
      this.writing = false;
      this.callBytes = performance.now() - begunMs > SLOW_MS ? CALL_BYTES.slow : CALL_BYTES.fast;
      if (this.state !== 'open') return;
      if (error) this.handle(error);
      else this.advance(bytesWritten);
    });
  }

  /** The chunks at the head of the queue that one call takes, the last one perhaps in part. */
  private batch(): Uint8Array[] {
    const chunks: Uint8Array[] = [];
    let room = this.callBytes;
    for (const { bytes } of this.queue) {
      chunks.push(bytes.byteLength > room ? bytes.subarray(0, room) : bytes);
      room -= bytes.byteLength;
      // IOV_MAX (limits.h) is the most that the kernel takes.
      if (room <= 0 || chunks.length === 1024) break;
    }
    return chunks;
  }

  private advance(bytesWritten: number): void {
    this.retryMs = FIRST_RETRY_MS;
    this.progress += bytesWritten;
    this.pendingBytes -= bytesWritten;
    this.drop(bytesWritten);
    // Half the limit, so that a reader that keeps up wakes the source seldom.
    if (this.pendingBytes <= this.limitBytes / 2) this.room = this.room?.fire();
    if (this.isIdle) this.idle = this.idle?.fire();
    this.writeNext();
  }

  /** Takes `byteCount` bytes off the head of the queue. */
  private drop(byteCount: number): void {
    let whole = 0;
    let left = byteCount;
    for (const { bytes, release } of this.queue) {
      if (bytes.byteLength > left) break;
      left -= bytes.byteLength;
      whole++;
      release?.();
    }
    this.queue.splice(0, whole);
    const [first] = this.queue;
    if (first && left > 0) this.queue[0] = { ...first, bytes: first.bytes.subarray(left) };
  }

  private handle(error: NodeJS.ErrnoException): void {
    switch (error.code) {
      case 'EAGAIN':
        return this.retryLater();
      case 'EPIPE':
        return this.finish('closed');
      default:
        this.error = failure(this.name, error);
        return this.finish('failed');
    }
  }

  /** A descriptor set to O_NONBLOCK by whoever shares it can't be waited for in write(2). */
  private retryLater(): void {
    setTimeout(() => this.writeNext(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
  }

  private finish(state: 'closed' | 'failed'): void {
    if (this.state !== 'open') return;
    this.state = state;
    this.queue.length = 0;
    this.pendingBytes = 0;
    this.room = this.room?.fire();
    this.idle = this.idle?.fire();
    this.ended.fire();
  }
}

/** A promise and the way to resolve it. */
class Signal {
  readonly promise: Promise<void>;
  private resolve: () => void = () => undefined;

  constructor() {
    this.promise = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  fire(): undefined {
    this.resolve();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file may not grow further (see ulimit -f)',
  EIO: 'the terminal or the disk is gone (EIO)',
};

function failure(name: string, cause: NodeJS.ErrnoException): EcliError {
  const { code = 'an unknown error' } = cause;
  return new EcliError('OUTPUT_FAILED', `${name}: ${REASONS[code] ?? `can't be written (${code})`}`, {
    cause,
  });
}
