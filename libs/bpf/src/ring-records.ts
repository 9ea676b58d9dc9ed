import { sampleMemory, type SampleMemory } from '@ecli/btf';
import { ConsumerPosition } from './consumer-position.ts';
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

/** linux/bpf.h: BPF_RINGBUF_BUSY_BIT (31) is the sign; BPF_RINGBUF_DISCARD_BIT, BPF_RINGBUF_HDR_SZ. */
const DISCARD = 1 << 30;
const LENGTH = DISCARD - 1;
const HEADER_BYTES = 8;

/**
 * Reads a record's header so that its sample is read after it. The kernel's side asks for an acquiring load, which
 * every load on x86-64 is (Intel SDM, volume 3, "Memory Ordering": loads are not reordered with other loads), and
 * V8 keeps the loads from typed arrays in the order of the program. There it calls a function for Atomics.load,
 * which costs 5 ns for each record, 7 % of what it takes to show one.
 */
const loadHeader: (headers: Int32Array, index: number) => number =
  process.arch === 'x64'
    ? (headers, index) => headers[index] as number
    : (headers, index) => Atomics.load(headers, index);

/**
 * Reads a ring's records in place. All else that the kernel may change while we look is read and written by Atomics,
 * which order all accesses (seq-cst): more than the acquire and release that the kernel's side asks for.
 */
export class RingRecords {
  readonly memory: SampleMemory;
  readonly capacityBytes: number;
  readonly #producer: Int32Array;
  readonly #headers: Int32Array;
  readonly #position: ConsumerPosition;

  constructor({ consumer, producer, data }: RingPages) {
    this.memory = sampleMemory(data);
    this.capacityBytes = data.byteLength / 2;
    this.#producer = producer;
    this.#headers = this.memory.i32;
    this.#position = new ConsumerPosition(consumer, this.capacityBytes / 8);
  }

  /** Bytes reserved and not yet taken, headers included. */
  pendingBytes(): number {
    return this.#position.distanceTo(Atomics.load(this.#producer, 0));
  }

  /**
   * Says whether the next record is there and finished: then a wait needn't go through another thread.
   *
   * To ask it after the position was published also keeps wake-ups from being lost. The kernel wakes a waiter
   * only when it commits the very record that the published position stands at, so one that it committed while
   * we hadn't published yet woke nobody. But either it saw our position (it clears BUSY, then reads the
   * position) or we see BUSY cleared here (we wrote the position, then read the header).
   */
  isReady(): boolean {
    if (this.pendingBytes() === 0) return false;
    const offset = this.#position.low & (this.capacityBytes - 1);
    return Atomics.load(this.#headers, offset >>> 2) >= 0;
  }

  /** Visits finished records, about one ring's worth at most; see SampleReader. */
  drain(visit: SampleVisitor): number {
    const position = this.#position;
    const headers = this.#headers;
    const mask = this.capacityBytes - 1;
    let samples = 0;
    let budget = this.capacityBytes;
    let pending = this.pendingBytes();
    try {
      while (pending > 0 && budget > 0) {
        const offset = position.low & mask;
        const header = loadHeader(headers, offset >>> 2);
        // BUSY: reserved, not committed. Those behind it wait, so that order is kept.
        if (header < 0) break;
        const length = header & LENGTH;
        if ((header & DISCARD) === 0) {
          if (!visit(offset + HEADER_BYTES, length)) break;
          samples++;
        }
        const bytes = (HEADER_BYTES + length + 7) & ~7;
        position.advance(bytes);
        budget -= bytes;
        pending -= bytes;
        // Looked at again only here: the kernel's writers own its cache line.
        if (pending === 0) pending = this.pendingBytes();
      }
      return samples;
    } finally {
      position.publish();
    }
  }
}
