/** Values of one size, packed without space between, and where in a record each belongs. */
export interface Packed {
  readonly bytes: Uint8Array;
  /** Bytes of one. */
  readonly size: number;
  /** In a record. */
  readonly offset: number;
}

export interface RecordBuffer {
  readonly bytes: Uint8Array;
  /** Bytes from one record to the next. */
  readonly stride: number;
}

/** More words than this are copied faster by TypedArray.prototype.set. */
const MOST_LOOPED_WORDS = 24;

/** Copies keys and values, which the kernel delivers apart, into records that hold both. */
export class Interleaver {
  readonly #columns: readonly ((count: number) => void)[];

  constructor(keys: Packed, values: Packed, records: RecordBuffer) {
    this.#columns = [keys, values].filter(({ size }) => size > 0).map((packed) => copier(packed, records));
  }

  /** Makes the first `count` records. */
  copy(count: number): void {
    for (const copy of this.#columns) copy(count);
  }
}

function copier({ bytes, size, offset }: Packed, records: RecordBuffer): (count: number) => void {
  const { stride } = records;
  if (size % 4 !== 0) return (count) => copyBytes(bytes, size, records.bytes, offset, stride, count);
  const words = size / 4;
  const from = wordsOf(bytes);
  const to = wordsOf(records.bytes);
  return words <= MOST_LOOPED_WORDS
    ? (count) => copyWords(from, words, to, offset / 4, stride / 4, count)
    : (count) => setWords(from, words, to, offset / 4, stride / 4, count);
}

/** Stands twice, for bytes and for words, so that V8 meets one kind of array in each loop. */
function copyBytes(
  from: Uint8Array,
  size: number,
  to: Uint8Array,
  offset: number,
  stride: number,
  count: number,
): void {
  for (let index = 0, read = 0, start = offset; index < count; index++, start += stride) {
    for (let write = start; write < start + size; write++) to[write] = from[read++] ?? 0;
  }
}

function copyWords(
  from: Int32Array,
  words: number,
  to: Int32Array,
  offset: number,
  stride: number,
  count: number,
): void {
  for (let index = 0, read = 0, start = offset; index < count; index++, start += stride) {
    for (let write = start; write < start + words; write++) to[write] = from[read++] ?? 0;
  }
}

function setWords(
  from: Int32Array,
  words: number,
  to: Int32Array,
  offset: number,
  stride: number,
  count: number,
): void {
  for (let index = 0, start = offset; index < count; index++, start += stride) {
    to.set(from.subarray(index * words, (index + 1) * words), start);
  }
}

function wordsOf({ buffer, byteOffset, byteLength }: Uint8Array): Int32Array {
  return new Int32Array(buffer, byteOffset, byteLength / 4);
}
