import type { SampleMemory } from '@ecli/btf';

/**
 * Takes one sample, `length` bytes at `offset` of the reader's memory, which are lent until the visit
 * returns. Returns false to stop the drain before this sample, which then stays in the buffer.
 */
export type SampleVisitor = (offset: number, length: number) => boolean;

/** A kernel buffer from which samples are read in place: a BPF ring buffer or the perf buffers of all CPUs. */
export interface SampleReader {
  readonly memory: SampleMemory;
  /** Bytes the kernel can hold for us before it must drop (of one CPU's buffer for perf). */
  readonly capacityBytes: number;
  /** Samples the kernel dropped because the buffer was full, as far as it tells (perf buffers do, rings don't). */
  readonly lost: number;
  /** Bytes waiting to be read (of the fullest CPU's buffer for perf). */
  pendingBytes(): number;
  /** Visits the samples that are there, at most about one bufferful, and returns how many were taken. */
  drain(visit: SampleVisitor): number;
  /**
   * Resolves when samples are there, when `wake` is called, or after `timeoutMs`. Waits in epoll_wait(2) on a
   * libuv thread, so the event loop stays free. One wait at a time.
   */
  wait(timeoutMs: number): Promise<void>;
  /** Ends the current or the next `wait` at once. */
  wake(): void;
  /** Unmaps and closes. Not while a `wait` is pending: `wake` and await it first. */
  close(): void;
}
