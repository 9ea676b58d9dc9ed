import { sampleMemory, type SampleMemory } from '@ecli/btf';
import type { SampleVisitor } from './sample-reader.ts';

/** The three parts of a BPF ring buffer's memory, as kernel/bpf/ringbuf.c lays them out. */
export interface RingPages {
  /** One position, written by us: bytes consumed since the ring was made. */
  readonly consumer: BigUint64Array;
  /** The two words of one position, written by the kernel: bytes reserved since the ring was made. */
  readonly producer: Int32Array;
  /** The data pages twice in a row, so that a record that wraps can be read straight on. */
  readonly data: Uint8Array;
}

/** linux/bpf.h: BPF_RINGBUF_BUSY_BIT (31) is the sign, BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ. */
const DISCARD = 1 << 30;
const LENGTH = DISCARD - 1;
const HEADER_BYTES = 8;

/**
 * Reads a ring's records in place.
 *
 * Positions are bytes in 64 bits that only grow; a record stands at its position modulo the ring's size. We
 * and the kernel are never further apart than that size (2 GiB at most), so the low 32 bits say all that is
 * asked per record. The whole position is only needed where it is published, once an eighth of the ring: each
 * publication takes the cache line from the kernel's writers.
 *
 * What the kernel may change while we look is read and written by Atomics, which order all accesses (seq-cst):
 * more than the acquire and release that the kernel's side asks for.
 */
export class RingRecords {
  readonly memory: SampleMemory;
  readonly #consumer: BigUint64Array;
  readonly #producer: Int32Array;
  readonly #headers: Int32Array;
  readonly #mask: number;
  readonly #batchBytes: number;
  #published: bigint;
  /** Low 32 bits, unsigned, of the position up to which records were taken. */
  #taken: number;

  constructor({ consumer, producer, data }: RingPages) {
    const capacity = data.byteLength / 2;
    this.memory = sampleMemory(data);
    this.#consumer = consumer;
    this.#producer = producer;
    this.#headers = this.memory.i32;
    this.#mask = capacity - 1;
    this.#batchBytes = capacity / 8;
    this.#published = Atomics.load(consumer, 0);
    this.#taken = Number(BigInt.asUintN(32, this.#published));
  }

  /** Bytes of one ring. */
  get capacityBytes(): number {
    return this.#mask + 1;
  }

  /** Bytes reserved and not yet taken, headers included. */
  pendingBytes(): number {
    return (Atomics.load(this.#producer, 0) - this.#taken) >>> 0;
  }

  /**
   * Says whether the next record is there and finished.
   *
   * The kernel wakes a waiter when it commits the very record that the published position stands at. A record
   * committed while we hadn't published yet woke nobody, so this must be asked between publishing and
   * waiting: either the kernel saw our position when it committed (it clears BUSY first, then reads the
   * position) or we see BUSY cleared here (we wrote the position first).
   */
  isReady(): boolean {
    return this.pendingBytes() > 0 && Atomics.load(this.#headers, (this.#taken & this.#mask) >>> 2) >= 0;
  }

  /** Visits finished records, one ring's worth at most; see SampleReader. */
  drain(visit: SampleVisitor): number {
    const headers = this.#headers;
    const mask = this.#mask;
    let samples = 0;
    let unpublished = 0;
    let budget = this.capacityBytes;
    try {
      for (let pending = this.pendingBytes(); pending > 0 && budget > 0; pending = this.pendingBytes()) {
        while (pending > 0) {
          const offset = this.#taken & mask;
          const header = Atomics.load(headers, offset >>> 2);
          // BUSY: reserved, not committed. Those behind it wait, so that order is kept.
          if (header < 0) return samples;
          const length = header & LENGTH;
          if ((header & DISCARD) === 0) {
            if (!visit(offset + HEADER_BYTES, length)) return samples;
            samples++;
          }
          const bytes = (HEADER_BYTES + length + 7) & ~7;
          this.#taken = (this.#taken + bytes) >>> 0;
          pending -= bytes;
          budget -= bytes;
          unpublished += bytes;
          if (unpublished >= this.#batchBytes) {
            this.#publish(unpublished);
            unpublished = 0;
          }
        }
      }
      return samples;
    } finally {
      if (unpublished > 0) this.#publish(unpublished);
    }
  }

  /** Gives bytes back to the kernel. The array truncates to 64 bits, as the kernel's counter does. */
  #publish(bytes: number): void {
    this.#published = BigInt.asUintN(64, this.#published + BigInt(bytes));
    Atomics.store(this.#consumer, 0, this.#published);
  }
}
