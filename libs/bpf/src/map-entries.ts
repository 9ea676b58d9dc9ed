import type { SampleMemory } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import { BatchReader } from './batch-reader.ts';
import { bindings } from './bindings.ts';
import { Errno, errnoName } from './errno.ts';
import { align8, FixedMemory } from './fixed-memory.ts';
import type { RecordBuffer } from './interleaver.ts';
import { KeyWalk } from './key-walk.ts';
import type { BpfMap } from './map.ts';
import { kindOf, type MapKind } from './map-kind.ts';
import { possibleCpus } from './cpus.ts';

/** About as much of a map as is in memory at once. */
const BATCH_BYTES = 1 << 20;
/** So that one call doesn't hold signals and timers up for more than a few milliseconds. */
const MOST_ENTRIES = 16_384;
const FEWEST_ENTRIES = 64;

/** What a map must say of itself to be read. */
export type ReadableMap = Pick<BpfMap, 'name' | 'type' | 'keySize' | 'valueSize' | 'maxEntries' | 'fd'>;

export interface ReadOptions {
  /** Entries are deleted once read, those of an array set to zero. */
  readonly clear?: boolean;
  /** False: one at a time, as on kernels before 5.6. */
  readonly batch?: boolean;
  /** Entries read at once; by default what about a mebibyte holds. */
  readonly batchEntries?: number;
}

/** Some entries, each `stride` bytes of `memory`, which is lent until the next batch is asked for. */
export interface EntryBatch {
  readonly memory: SampleMemory;
  readonly count: number;
}

/** The entries of a map, as records of one size. A reader reads again and again, one reading at a time. */
export interface MapEntries {
  /** Bytes of a record: the key at 0, the value at `valueOffset`. */
  readonly stride: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly valueOffset: number;
  /** Bytes of a key and its value, or all CPUs' values, as the kernel gives them: without what aligns a record. */
  readonly entryBytes: number;
  /** Values of a per-CPU map's entry, each at a multiple of 8 behind the one before; else undefined. */
  readonly cpus: number | undefined;
  /** What of the map a reading doesn't show, for people. */
  readonly limitation?: string;
  /**
   * Reads all entries, a batch at a time. One that is there throughout comes exactly once, whatever happens to
   * others; one that comes or goes meanwhile, once or not at all.
   *
   * @throws OUTPUT_FAILED when the kernel refuses
   */
  batches(): AsyncGenerator<EntryBatch, void>;
}

/**
 * Makes a loaded map's entries readable. With `clear`, what a program adds between reading and deleting is kept by
 * hash maps (Linux 5.6 and newer take an entry out in one step) and queues; tries and arrays have no such step.
 *
 * @throws FEATURE_UNSUPPORTED for types of maps that have no entries to read, or none to clear
 */
export function readEntries(map: ReadableMap, options: ReadOptions = {}): MapEntries {
  const kind = kindOf(map);
  if (options.clear && !kind.clear) throw cannotClear(map);
  return new Entries(map, kind, options);
}

class Entries implements MapEntries {
  readonly keySize: number;
  readonly valueSize: number;
  readonly valueOffset: number;
  readonly entryBytes: number;
  readonly cpus: number | undefined;
  readonly stride: number;
  readonly limitation?: string;
  readonly #map: ReadableMap;
  readonly #kind: MapKind;
  readonly #clear: boolean;
  /** Bytes of the value, or of all CPUs' values, as the kernel copies them. */
  readonly #valueBytes: number;
  /** Until a kernel refuses. */
  #inBatches: boolean;
  #inOneStep = true;
  #capacity: number;
  #records: FixedMemory;
  #batch: BatchReader | undefined;
  #zeros: FixedMemory | undefined;

  constructor(map: ReadableMap, kind: MapKind, { clear = false, batch = true, batchEntries }: ReadOptions) {
    this.#map = map;
    this.#kind = kind;
    this.#clear = clear;
    this.#inBatches = batch && kind.batch;
    this.keySize = map.keySize;
    this.valueSize = map.valueSize;
    this.valueOffset = align8(map.keySize);
    this.cpus = kind.perCpu ? possibleCpus() : undefined;
    this.#valueBytes = this.cpus === undefined ? map.valueSize : this.cpus * align8(map.valueSize);
    this.entryBytes = map.keySize + this.#valueBytes;
    this.stride = this.valueOffset + align8(this.#valueBytes);
    this.#capacity = batchEntries ?? defaultCapacity(this.stride, map.maxEntries);
    this.#records = new FixedMemory(this.#capacity * this.stride);
    if (kind.order === 'queue' && !clear) {
      this.limitation =
        'only the next value of a queue or stack can be read; with clear_map all are taken out';
    }
  }

  async *batches(): AsyncGenerator<EntryBatch, void> {
    if (this.#kind.order === 'queue') return yield* this.#fromQueue();
    if (this.#inBatches && (yield* this.#inBatch())) return;
    yield* this.#byKeys();
  }

  /**
   * Reads by bpf_map_lookup_batch. A hash map's batch holds whole buckets, read under their locks, and a key stays
   * in its bucket (kernel/bpf/hashtab.c, __htab_map_lookup_and_delete_batch): none is lost or comes twice. Returns
   * false when this kernel can't and nothing was read.
   */
  async *#inBatch(): AsyncGenerator<EntryBatch, boolean> {
    const { fd } = this.#map;
    const takesOut = this.#clear && this.#kind.clear === 'delete';
    const batch = (): BatchReader => (this.#batch ??= this.#batchReader(takesOut));
    batch().rewind();
    let reading = batch().read(fd);
    try {
      for (;;) {
        const result = await reading;
        if (batch().isAtStart && isUnknown(result)) {
          this.#inBatches = false;
          return false;
        }
        if (result === -Errno.ENOSPC && batch().count === 0) {
          // One bucket has more entries than a batch. It is read again, from where this call began.
          this.#batch = batch().grown((capacity) => this.#growTo(capacity));
          reading = batch().read(fd);
          continue;
        }
        const isLast = result === -Errno.ENOENT;
        if (result < 0 && !isLast) throw this.#failed(result);
        const { count } = batch();
        batch().copy();
        batch().advance();
        if (this.#clear && !takesOut) this.#zero(count);
        // Read ahead while these are shown; not what is taken out, which would be lost with who doesn't come back.
        if (!isLast && !takesOut) reading = batch().read(fd);
        if (count > 0) yield { memory: this.#records.memory, count };
        if (isLast) return true;
        if (takesOut) reading = batch().read(fd);
      }
    } finally {
      // The thread writes to memory that the next reading uses as well.
      await reading;
    }
  }

  async *#byKeys(): AsyncGenerator<EntryBatch, void> {
    const walk = new KeyWalk(this.#map.fd, this.keySize, {
      changes: this.#kind.changes,
      maxEntries: this.#map.maxEntries,
    });
    const { bytes, address } = this.#records;
    let count = 0;
    while (walk.next(bytes, count * this.stride)) {
      const at = address + count * this.stride;
      const result = this.#take(at, at + this.valueOffset);
      // Gone meanwhile, or an empty slot.
      if (result === -Errno.ENOENT) continue;
      if (result < 0) throw this.#failed(result);
      if (++count < this.#capacity) continue;
      yield this.#finished(count);
      count = 0;
    }
    if (walk.failure < 0) throw this.#failed(walk.failure);
    if (count > 0) yield this.#finished(count);
  }

  async *#fromQueue(): AsyncGenerator<EntryBatch, void> {
    const most = this.#clear ? Math.max(1, this.#map.maxEntries) : 1;
    let count = 0;
    for (let taken = 0; taken < most; taken++) {
      const result = this.#take(0, this.#records.address + count * this.stride);
      if (result === -Errno.ENOENT) break;
      if (result < 0) throw this.#failed(result);
      if (++count < this.#capacity) continue;
      yield this.#finished(count);
      count = 0;
    }
    if (count > 0) yield this.#finished(count);
  }

  #finished(count: number): EntryBatch {
    if (this.#clear && this.#kind.clear === 'zero') this.#zero(count);
    return { memory: this.#records.memory, count };
  }

  /** Copies the value of `key` to `value`, and deletes the entry where that is asked for. */
  #take(key: number, value: number): number {
    const { libbpf } = bindings();
    const { fd } = this.#map;
    if (!this.#clear || this.#kind.clear === 'zero') return libbpf.bpf_map_lookup_elem(fd, key, value);
    if (this.#inOneStep) {
      const result = libbpf.bpf_map_lookup_and_delete_elem(fd, key, value);
      if (!isUnknown(result)) return result;
      this.#inOneStep = false;
    }
    const result = libbpf.bpf_map_lookup_elem(fd, key, value);
    if (result < 0) return result;
    const deleted = libbpf.bpf_map_delete_elem(fd, key);
    return deleted === -Errno.ENOENT ? 0 : deleted;
  }

  /** Sets the values of the records to zero in the map, but for those that are: each writing may lose an update. */
  #zero(count: number): void {
    const { bytes, address } = this.#records;
    const zeros = (this.#zeros ??= new FixedMemory(this.#valueBytes));
    for (let index = 0; index < count; index++) {
      const at = index * this.stride;
      const value = bytes.subarray(at + this.valueOffset, at + this.valueOffset + this.#valueBytes);
      if (value.every((byte) => byte === 0)) continue;
      const result = bindings().libbpf.bpf_map_update_elem(this.#map.fd, address + at, zeros.address, 0);
      if (result < 0) throw this.#failed(result);
    }
  }

  #batchReader(takesOut: boolean): BatchReader {
    const { keySize, valueOffset } = this;
    const shape = { capacity: this.#capacity, keySize, valueBytes: this.#valueBytes, valueOffset, takesOut };
    return new BatchReader(shape, this.#growTo(this.#capacity));
  }

  #growTo(capacity: number): RecordBuffer {
    if (capacity > this.#capacity) this.#records = new FixedMemory(capacity * this.stride);
    this.#capacity = capacity;
    return { bytes: this.#records.bytes, stride: this.stride };
  }

  #failed(result: number): EcliError {
    const { name, type } = this.#map;
    const subject = `map ${printable(name)} (${type})`;
    const verb = this.#clear ? 'read and cleared' : 'read';
    const hint = HINTS.get(-result);
    return new EcliError('OUTPUT_FAILED', `${subject}: its entries can't be ${verb}: ${errnoName(result)}`, {
      ...(hint !== undefined && { hint }),
    });
  }
}

const HINTS = new Map<number, string>([
  [Errno.EPERM, 'the map may be frozen, or made with BPF_F_WRONLY (to read) or BPF_F_RDONLY (to clear)'],
  [Errno.ENOSPC, 'sockets can be read from maps whose values have 8 bytes, as cookies'],
]);

/** What kernels answer who don't know a command of bpf(2), or not for this type of map. */
function isUnknown(result: number): boolean {
  return result === -Errno.EINVAL || result === -Errno.ENOTSUPP || result === -Errno.EOPNOTSUPP;
}

function defaultCapacity(stride: number, maxEntries: number): number {
  const fitting = Math.max(FEWEST_ENTRIES, Math.floor(BATCH_BYTES / stride));
  return Math.min(fitting, MOST_ENTRIES, Math.max(1, maxEntries));
}

function cannotClear({ name, type }: ReadableMap): EcliError {
  return new EcliError(
    'FEATURE_UNSUPPORTED',
    `map ${printable(name)}: the entries of a ${type} are not to be cleared`,
    { hint: 'leave out "clear_map"; hash maps, arrays, tries, queues and stacks can be cleared' },
  );
}
