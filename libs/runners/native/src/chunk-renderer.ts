import type { SampleReader } from '@ecli/bpf';
import { type SampleFilter, type SampleMemory, sampleMemory } from '@ecli/btf';
import type { LogChunk } from '@ecli/core';
import type { Rows } from './rows/rows.ts';

/** A chunk is full with the row that reaches this size. Single runs with 64 to 512 KiB told no clear winner. */
const CHUNK_BYTES = 128 * 1024;
/** So many buffers can be with the receiver and come back without any being made anew. */
const KEPT_BUFFERS = 8;
const LINE_END = 0x0a;

/**
 * Renders samples into chunks. A full chunk is given away with its buffer; a receiver that gives it back when it
 * is done spares the garbage collector all the output of a busy program.
 */
export class ChunkRenderer {
  /** Samples taken for the chunk, shown or not. */
  visited = 0;
  /** Samples shown in the chunk. */
  shown = 0;
  /** Bytes in the kernel's buffer, without headers, of those taken and of those shown. */
  visitedBytes = 0;
  shownBytes = 0;
  /** Bytes of the first sample so far that isn't as long as the type; a perf buffer fills up to eight bytes. */
  oddBytes: number | undefined;
  private readonly longest: number;
  /** Bytes of a sample that are read; a shorter one is padded. */
  private readonly readSize: number;
  private most = 0;
  private position = 0;
  private full = false;
  private out: Uint8Array;
  private memory: SampleMemory | undefined;
  private readonly padded: SampleMemory;
  private readonly freeBuffers: Uint8Array[] = [];

  /** Without a filter, every sample is shown. */
  constructor(
    private readonly rows: Rows,
    private readonly filter?: SampleFilter,
  ) {
    this.out = this.takeBuffer();
    const { sampleSize } = rows;
    this.longest = rows.copiesSample ? Infinity : sampleSize + 7;
    this.readSize = Math.max(sampleSize, filter?.sampleSize ?? 0);
    this.padded = sampleMemory(new Uint8Array(Math.ceil(this.readSize / 8) * 8));
  }

  /** Whether the last `fill` ended because the chunk had no room left. */
  get isFull(): boolean {
    return this.full;
  }

  /** Begins a new chunk with what is in `reader`, showing at most `most` samples. */
  fill(reader: Pick<SampleReader, 'memory' | 'drain'>, most: number): void {
    this.visited = 0;
    this.shown = 0;
    this.visitedBytes = 0;
    this.shownBytes = 0;
    this.position = 0;
    this.full = false;
    this.most = most;
    this.memory = reader.memory;
    reader.drain(this.visit);
  }

  /** Takes the chunk's bytes, which nobody writes over unless they are released. */
  take(): Pick<LogChunk, 'bytes' | 'lines' | 'release'> {
    const { out, position } = this;
    // A copy of few bytes is cheap, and a receiver that keeps chunks shouldn't keep a nearly empty buffer.
    const isSmall = position < CHUNK_BYTES / 2;
    const bytes = isSmall ? out.slice(0, position) : out.subarray(0, position);
    const lines = this.rows.multiline ? countLines(bytes) : this.shown;
    if (isSmall) return { bytes, lines };
    this.out = this.takeBuffer();
    return { bytes, lines, release: this.returnOf(out) };
  }

  /** A field, so that a drain makes no closure. */
  private readonly visit = (offset: number, length: number): boolean => {
    const { memory, rows, filter } = this;
    if (!memory || this.shown >= this.most) return false;
    if (this.position >= CHUNK_BYTES || !this.hasRoomFor(length)) {
      this.full = true;
      return false;
    }
    this.visited++;
    this.visitedBytes += length;
    if (length < rows.sampleSize || length > this.longest) this.oddBytes ??= length;
    const isShort = length < this.readSize;
    const from = isShort ? this.pad(memory, offset, length) : memory;
    const at = isShort ? 0 : offset;
    if (filter && !filter.matches(from, at)) return true;
    this.shown++;
    this.shownBytes += length;
    this.position = rows.write(from, at, this.out, this.position, length);
    return true;
  };

  private pad(memory: SampleMemory, offset: number, length: number): SampleMemory {
    this.padded.u8.fill(0, length);
    this.padded.u8.set(memory.u8.subarray(offset, offset + length));
    return this.padded;
  }

  /** A sample that is copied may be longer than any chunk; alone in one, it gets a buffer of its own. */
  private hasRoomFor(length: number): boolean {
    const { rows, out, position } = this;
    if (!rows.copiesSample || position + rows.maxBytes + length <= out.length) return true;
    if (position > 0) return false;
    this.out = new Uint8Array(rows.maxBytes + length);
    return true;
  }

  private get bufferBytes(): number {
    return CHUNK_BYTES + this.rows.maxBytes;
  }

  private takeBuffer(): Uint8Array {
    return this.freeBuffers.pop() ?? new Uint8Array(this.bufferBytes);
  }

  private returnOf(buffer: Uint8Array): () => void {
    let isBack = false;
    return () => {
      if (isBack) return;
      isBack = true;
      if (this.freeBuffers.length < KEPT_BUFFERS && buffer.length === this.bufferBytes)
        this.freeBuffers.push(buffer);
    };
  }
}

function countLines(text: Uint8Array): number {
  let lines = 0;
  for (let at = text.indexOf(LINE_END); at >= 0; at = text.indexOf(LINE_END, at + 1)) lines++;
  return lines;
}
