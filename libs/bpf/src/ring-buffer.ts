import { sampleMemory, type SampleMemory } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import { constants } from 'node:buffer';
import { bindings } from './bindings.ts';
import { errnoName } from './errno.ts';
import { outOfResources } from './failures.ts';
import type { BpfMap } from './map.ts';
import { RingRecords } from './ring-records.ts';
import type { SampleReader, SampleVisitor } from './sample-reader.ts';
import { Waiter } from './waiter.ts';

/** sys/mman.h */
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;

/**
 * Opens a loaded `BPF_MAP_TYPE_RINGBUF` map for reading in place. One reader a ring. It may outlive the map's
 * object.
 *
 * @throws LOAD_FAILED when it is another kind of map, or when memory or descriptors have run out
 */
export function openRingBuffer(map: BpfMap): SampleReader {
  map.expectType('BPF_MAP_TYPE_RINGBUF');
  const mapping = new RingMapping(map);
  try {
    return new RingBuffer(mapping, map.fd);
  } catch (error) {
    mapping.close();
    throw error;
  }
}

class RingBuffer implements SampleReader {
  /** A ring's program learns of a full buffer where it reserves; the kernel doesn't count. */
  readonly lost = 0;
  readonly capacityBytes: number;
  readonly #mapping: RingMapping;
  readonly #waiter: Waiter;
  #records: RingRecords | undefined;

  /** Takes `mapping` over once nothing can fail any more; `descriptor` stays the map's. */
  constructor(mapping: RingMapping, descriptor: number) {
    this.#mapping = mapping;
    this.#records = mapping.records();
    this.capacityBytes = this.#records.capacityBytes;
    this.#waiter = new Waiter(descriptor, () => this.#records?.isReady() ?? false);
  }

  get memory(): SampleMemory {
    return this.#records?.memory ?? NO_MEMORY;
  }

  pendingBytes(): number {
    return this.#records?.pendingBytes() ?? 0;
  }

  drain(visit: SampleVisitor): number {
    return this.#records?.drain(visit) ?? 0;
  }

  wait(timeoutMs: number): Promise<void> {
    return this.#waiter.wait(timeoutMs);
  }

  wake(): void {
    this.#waiter.wake();
  }

  close(): void {
    if (!this.#records) return;
    this.#waiter.close();
    this.#records = undefined;
    this.#mapping.close();
  }
}

/** After close, views of the unmapped pages must be out of reach: touching them would end the process. */
const NO_MEMORY = sampleMemory(new Uint8Array(0));

/**
 * The map's pages in our memory. The kernel gives the consumer's page for writing and all others for reading
 * only: consumer, producer, data, data again (kernel/bpf/ringbuf.c, ringbuf_map_mmap_kern).
 */
class RingMapping {
  readonly #pageBytes: number;
  readonly #readBytes: number;
  #consumer = 0;
  #rest = 0;

  constructor(map: BpfMap) {
    const { libc } = bindings();
    this.#pageBytes = libc.getpagesize();
    this.#readBytes = this.#pageBytes + 2 * map.maxEntries;
    if (this.#readBytes > constants.MAX_LENGTH) throw tooLarge(map);
    try {
      this.#consumer = mapPages(map, this.#pageBytes, PROT_READ | PROT_WRITE, 0);
      this.#rest = mapPages(map, this.#readBytes, PROT_READ, this.#pageBytes);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  records(): RingRecords {
    const { viewMemory } = bindings();
    const consumer = viewMemory(this.#consumer, this.#pageBytes);
    const rest = viewMemory(this.#rest, this.#readBytes);
    return new RingRecords({
      consumer: new BigUint64Array(consumer.buffer, consumer.byteOffset, 1),
      producer: new Int32Array(rest.buffer, rest.byteOffset, 2),
      data: rest.subarray(this.#pageBytes),
    });
  }

  close(): void {
    const { libc } = bindings();
    if (this.#consumer > 0) libc.munmap(this.#consumer, this.#pageBytes);
    if (this.#rest > 0) libc.munmap(this.#rest, this.#readBytes);
    this.#consumer = 0;
    this.#rest = 0;
  }
}

/** Node 20 views no more than 4 GiB at once, and the data is there twice. */
function tooLarge({ name, maxEntries }: BpfMap): EcliError {
  return new EcliError(
    'LOAD_FAILED',
    `ring buffer ${printable(name)}: ${maxEntries} bytes are more than this version of node can read`,
    { hint: 'make its max_entries smaller, or take node 22 or newer' },
  );
}

function mapPages(map: BpfMap, bytes: number, protection: number, offset: number): number {
  const address = bindings().libc.mmap(0, bytes, protection, MAP_SHARED, map.fd, offset);
  if (address > 0) return address;
  const subject = `ring buffer ${printable(map.name)}`;
  throw (
    outOfResources(subject, address, '') ??
    new EcliError('LOAD_FAILED', `${subject}: ${bytes} bytes can't be mapped: ${errnoName(address)}`)
  );
}
