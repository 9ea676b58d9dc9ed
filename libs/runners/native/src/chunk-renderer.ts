import type { SampleReader } from '@ecli/bpf';
import { type SampleMemory, sampleMemory } from '@ecli/btf';
import type { LogChunk } from '@ecli/core';
import type { Rows } from './rows.ts';

/** A chunk is full with the row that reaches this size. Single runs with 64 to 512 KiB told no clear winner. */
const CHUNK_BYTES = 128 * 1024;
/** So many buffers can be with the receiver and come back without any being made anew. */
const KEPT_BUFFERS = 8;

/**
 * Renders samples into chunks. A full chunk is given away with its buffer; a receiver that gives it back when it
 * is done spares the garbage collector all the output of a busy program.
 */
export class ChunkRenderer {
  /** Samples in the chunk. */
  samples = 0;
  /** Bytes of those samples in the kernel's buffer, without their headers. */
  sampleBytes = 0;
  /** Bytes of the first sample so far that isn't as long as the type; a perf buffer fills up to eight bytes. */
  oddBytes: number | undefined;
  private readonly longest: number;
  private most = 0;
  private position = 0;
  private out: Uint8Array;
  private memory: SampleMemory | undefined;
  private readonly padded: SampleMemory;
  private readonly freeBuffers: Uint8Array[] = [];

  constructor(private readonly rows: Rows) {
    this.out = this.takeBuffer();
    this.longest = rows.sampleSize + 7;
    this.padded = sampleMemory(new Uint8Array(Math.ceil(rows.sampleSize / 8) * 8));
  }

  /** Whether the last `fill` ended because the chunk had no room left. */
  get isFull(): boolean {
    return this.position >= CHUNK_BYTES;
  }

  /** Begins a new chunk with what is in `reader`, at most `most` samples. */
  fill(reader: SampleReader, most: number): void {
    this.samples = 0;
    this.sampleBytes = 0;
    this.position = 0;
    this.most = most;
    this.memory = reader.memory;
    reader.drain(this.visit);
  }

  /** Takes the chunk's bytes, which nobody writes over unless they are released. */
  take(): Pick<LogChunk, 'bytes' | 'lines' | 'release'> {
    const { out, samples: lines } = this;
    // A copy of few bytes is cheap, and a receiver that keeps chunks shouldn't keep a nearly empty buffer.
    if (this.position < CHUNK_BYTES / 2) return { bytes: out.slice(0, this.position), lines };
    this.out = this.takeBuffer();
    return { bytes: out.subarray(0, this.position), lines, release: this.returnOf(out) };
  }

  /** A field, so that a drain makes no closure. */
  private readonly visit = (offset: number, length: number): boolean => {
    const { memory, rows } = this;
    if (!memory || this.position >= CHUNK_BYTES || this.samples >= this.most) return false;
    this.samples++;
    this.sampleBytes += length;
    if (length < rows.sampleSize || length > this.longest) this.oddBytes ??= length;
    this.position =
      length < rows.sampleSize
        ? this.writePadded(memory, offset, length)
        : rows.write(memory, offset, this.out, this.position);
    return true;
  };

  private writePadded(memory: SampleMemory, offset: number, length: number): number {
    this.padded.u8.fill(0, length);
    this.padded.u8.set(memory.u8.subarray(offset, offset + length));
    return this.rows.write(this.padded, 0, this.out, this.position);
  }

  private takeBuffer(): Uint8Array {
    return this.freeBuffers.pop() ?? new Uint8Array(CHUNK_BYTES + this.rows.maxBytes);
  }

  private returnOf(buffer: Uint8Array): () => void {
    let isBack = false;
    return () => {
      if (isBack) return;
      isBack = true;
      if (this.freeBuffers.length < KEPT_BUFFERS) this.freeBuffers.push(buffer);
    };
  }
}
