import { bindings } from './bindings.ts';
import { FixedMemory } from './fixed-memory.ts';
import { Interleaver, type RecordBuffer } from './interleaver.ts';

export interface BatchShape {
  /** The most entries of a batch. */
  readonly capacity: number;
  /** Bytes. */
  readonly keySize: number;
  /** Bytes of a value, or of all CPUs' values, as the kernel copies them. */
  readonly valueBytes: number;
  /** Where the value begins in a record. */
  readonly valueOffset: number;
  /** Entries are taken out of the map. */
  readonly takesOut: boolean;
}

/**
 * Calls bpf_map_lookup_batch or bpf_map_lookup_and_delete_batch until a map has been read. Each call runs on a libuv
 * thread: the kernel takes longer to read entries than we take to show them, and both go on at once.
 */
export class BatchReader {
  readonly #shape: BatchShape;
  readonly #keys: FixedMemory;
  readonly #values: FixedMemory;
  /** Where the next batch begins: a bucket's number, or the key that an array's batch ended with. */
  readonly #place: FixedMemory;
  readonly #count = new Uint32Array(new ArrayBuffer(8));
  readonly #countBytes = new Uint8Array(this.#count.buffer);
  readonly #interleaver: Interleaver;
  #from = 0;

  /** `copy` writes to `records`. */
  constructor(shape: BatchShape, records: RecordBuffer) {
    const { capacity, keySize, valueBytes, valueOffset } = shape;
    this.#shape = shape;
    this.#keys = new FixedMemory(capacity * keySize);
    this.#values = new FixedMemory(capacity * valueBytes);
    this.#place = new FixedMemory(keySize);
    this.#interleaver = new Interleaver(
      { bytes: this.#keys.bytes, size: keySize, offset: 0 },
      { bytes: this.#values.bytes, size: valueBytes, offset: valueOffset },
      records,
    );
  }

  /** Whether nothing was read since `rewind`. */
  get isAtStart(): boolean {
    return this.#from === 0;
  }

  /** Entries that the last call read. */
  get count(): number {
    return this.#count[0] ?? 0;
  }

  rewind(): void {
    this.#from = 0;
  }

  /** Calls for the batch at the present place; resolves to 0, or to a negative errno: -ENOENT with the last one. */
  read(fd: number): Promise<number> {
    this.#count[0] = this.#shape.capacity;
    return bindings().readBatch(
      this.#shape.takesOut ? 'bpf_map_lookup_and_delete_batch' : 'bpf_map_lookup_batch',
      fd,
      this.#from,
      this.#place.address,
      this.#keys.address,
      this.#values.address,
      this.#countBytes,
      0,
    );
  }

  /** Has the next call go on where the last one ended. */
  advance(): void {
    this.#from = this.#place.address;
  }

  /** Makes records of what was read. */
  copy(): void {
    this.#interleaver.copy(this.count);
  }

  /** A reader with room for twice as many entries, at the same place. */
  grown(recordsOf: (capacity: number) => RecordBuffer): BatchReader {
    const capacity = this.#shape.capacity * 2;
    const grown = new BatchReader({ ...this.#shape, capacity }, recordsOf(capacity));
    if (this.isAtStart) return grown;
    grown.#place.bytes.set(this.#place.bytes);
    grown.advance();
    return grown;
  }
}
