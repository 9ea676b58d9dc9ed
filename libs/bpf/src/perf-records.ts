import { ConsumerPosition } from './consumer-position.ts';
import type { SampleVisitor } from './sample-reader.ts';

/** One CPU's perf buffer: linux/perf_event.h, struct perf_event_mmap_page, and the data pages behind it. */
export interface PerfPages {
  /** `data_tail`, written by us: bytes consumed. */
  readonly tail: BigUint64Array;
  /** The two words of `data_head`, written by the kernel: bytes written. */
  readonly head: Int32Array;
  /** The data, a power of two of bytes, not mapped a second time: a record may wrap. */
  readonly data: Int32Array;
}

/** enum perf_event_type: PERF_RECORD_LOST, PERF_RECORD_SAMPLE */
const LOST = 2;
const SAMPLE = 9;

/**
 * A record is a multiple of 8 bytes: struct perf_event_header { u32 type; u16 misc; u16 size; } and
 * for a sample of PERF_SAMPLE_RAW alone { u32 size; char data[size]; },
 * for lost ones { u64 id; u64 lost; }.
 */
const SIZE_WORD = 2;
const DATA_WORD = 3;
const LOST_WORD = 4;

/** Where a sample's data is put: 8-aligned in the record's copy, whose header takes the 12 bytes before. */
export const SAMPLE_OFFSET = 16;
const COPY_WORD = SAMPLE_OFFSET / 4 - DATA_WORD;

/** Bytes of the scratch that holds the longest record's copy: its size has 16 bits. */
export const SCRATCH_BYTES = SAMPLE_OFFSET + (1 << 16);

/** Reads one CPU's records. Samples are copied, since the kernel aligns them to 4 and lets them wrap. */
export class PerfRecords {
  readonly capacityBytes: number;
  /** Samples the kernel dropped, as of the records read so far. */
  lost = 0;
  /** Set when the visitor ended the last drain. */
  stopped = false;
  readonly #head: Int32Array;
  readonly #data: Int32Array;
  readonly #scratch: Int32Array;
  readonly #position: ConsumerPosition;

  /** `scratch` has SCRATCH_BYTES; each visit finds its sample there at SAMPLE_OFFSET. */
  constructor({ tail, head, data }: PerfPages, scratch: Int32Array) {
    this.capacityBytes = data.byteLength;
    this.#head = head;
    this.#data = data;
    this.#scratch = scratch;
    this.#position = new ConsumerPosition(tail, this.capacityBytes / 8);
  }

  pendingBytes(): number {
    return this.#position.distanceTo(Atomics.load(this.#head, 0));
  }

  /** Visits what is there now, at most one buffer's worth, and returns how many samples were taken. */
  drain(visit: SampleVisitor): number {
    const position = this.#position;
    const data = this.#data;
    const mask = data.length - 1;
    let samples = 0;
    this.stopped = false;
    let pending = this.pendingBytes();
    try {
      while (pending > 0) {
        const start = (position.low >>> 2) & mask;
        const type = data[start];
        const bytes = (data[start + 1] ?? 0) >>> 16;
        if (type === SAMPLE) {
          const length = this.#copySample(start, bytes);
          if (!visit(SAMPLE_OFFSET, length)) {
            this.stopped = true;
            break;
          }
          samples++;
        } else if (type === LOST) {
          this.lost += this.#countAt(start + LOST_WORD);
        }
        position.advance(bytes);
        pending -= bytes;
      }
      return samples;
    } finally {
      position.publish();
    }
  }

  /** Reads an unsigned number of 64 bits, which may wrap. */
  #countAt(word: number): number {
    const data = this.#data;
    const mask = data.length - 1;
    const [low = 0, high = 0] = [data[word & mask], data[(word + 1) & mask]];
    return (high >>> 0) * 2 ** 32 + (low >>> 0);
  }

  /** Copies a record word by word, around the end of the buffer where it wraps; returns its data's length. */
  #copySample(start: number, bytes: number): number {
    const data = this.#data;
    const scratch = this.#scratch;
    const mask = data.length - 1;
    const words = bytes >>> 2;
    for (let word = SIZE_WORD; word < words; word++) {
      scratch[COPY_WORD + word] = data[(start + word) & mask] ?? 0;
    }
    return scratch[COPY_WORD + SIZE_WORD] ?? 0;
  }
}
