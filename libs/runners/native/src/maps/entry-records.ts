import type { EntryBatch, SampleVisitor } from '@ecli/bpf';
import { type SampleFilter, type SampleMemory, sampleMemory, type SortKey } from '@ecli/btf';

/** What a ChunkRenderer takes samples from. */
export interface Records {
  readonly memory: SampleMemory;
  /** Whether all were taken. */
  readonly isEmpty: boolean;
  drain(visit: SampleVisitor): number;
}

/** The records of one batch, in the map's order. */
export class BatchRecords implements Records {
  readonly memory: SampleMemory;
  private next = 0;

  constructor(
    private readonly batch: EntryBatch,
    private readonly stride: number,
  ) {
    this.memory = batch.memory;
  }

  get isEmpty(): boolean {
    return this.next === this.batch.count;
  }

  drain(visit: SampleVisitor): number {
    const first = this.next;
    while (this.next < this.batch.count && visit(this.next * this.stride, this.stride)) this.next++;
    return this.next - first;
  }
}

/** All records of a reading that pass a filter, kept in memory of their own. */
export class KeptRecords implements Records {
  memory: SampleMemory = sampleMemory(new Uint8Array(1 << 16));
  count = 0;
  /** How many were read and didn't pass. */
  filtered = 0;
  private order: Uint32Array | undefined;
  private next = 0;

  constructor(
    private readonly stride: number,
    private readonly filter: SampleFilter | undefined,
  ) {}

  get isEmpty(): boolean {
    return this.next === this.count;
  }

  /** Copies those of `batch` that pass. */
  add({ memory, count }: EntryBatch): void {
    this.makeRoomFor(count);
    const { stride, filter } = this;
    if (!filter) {
      this.memory.u8.set(memory.u8.subarray(0, count * stride), this.count * stride);
      this.count += count;
      return;
    }
    for (let at = 0; at < count * stride; at += stride) {
      if (filter.matches(memory, at)) {
        this.memory.u8.set(memory.u8.subarray(at, at + stride), this.count * stride);
        this.count++;
      } else this.filtered++;
    }
  }

  sort(key: SortKey): void {
    this.order = key.order(this.memory, this.stride, this.count);
  }

  /** Where the record of this rank, counted from 0, begins in `memory`. */
  offsetOf(rank: number): number {
    return (this.order?.[rank] ?? rank) * this.stride;
  }

  drain(visit: SampleVisitor): number {
    const first = this.next;
    while (this.next < this.count && visit(this.offsetOf(this.next), this.stride)) this.next++;
    return this.next - first;
  }

  private makeRoomFor(count: number): void {
    const needed = (this.count + count) * this.stride;
    if (needed <= this.memory.u8.length) return;
    const grown = new Uint8Array(Math.max(needed, 2 * this.memory.u8.length));
    grown.set(this.memory.u8.subarray(0, this.count * this.stride));
    this.memory = sampleMemory(grown);
  }
}
