import { sampleMemory, type SampleMemory } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import { bindings } from './bindings.ts';
import { Errno, errnoName } from './errno.ts';
import { outOfResources } from './failures.ts';
import type { BpfMap } from './map.ts';
import { PerfRecords, SCRATCH_BYTES } from './perf-records.ts';
import { type Heard, listen } from './messages.ts';
import type { SampleReader, SampleVisitor } from './sample-reader.ts';
import { Waiter } from './waiter.ts';

export interface PerfBufferOptions {
  /** Pages of each CPU's buffer, a power of two. */
  readonly pages: number;
}

/** linux/perf_event.h, struct perf_event_mmap_page */
const DATA_HEAD = 1024;
const DATA_TAIL = 1032;

/**
 * Opens a loaded `BPF_MAP_TYPE_PERF_EVENT_ARRAY` map for reading: a perf event and its buffer for each online
 * CPU, put into the map. Samples of one CPU come in order; between CPUs there is none, since the kernel gives
 * each its own buffer. A sample's length is the kernel's, which may be up to seven bytes more than was sent.
 *
 * @throws LOAD_FAILED for another kind of map, a number of pages that is no power of two, or too little memory
 */
export function openPerfBuffer(map: BpfMap, { pages }: PerfBufferOptions): SampleReader {
  map.expectType('BPF_MAP_TYPE_PERF_EVENT_ARRAY');
  const { libbpf } = bindings();
  // Without callbacks: libbpf opens and maps, we read.
  const heard = listen(() => libbpf.perf_buffer__new(map.fd, pages, 0, 0, 0, 0));
  const pointer = heard.value;
  if (pointer < 0) throw openError(map, heard);
  try {
    return new PerfBuffer(pointer);
  } catch (error) {
    libbpf.perf_buffer__free(pointer);
    throw error;
  }
}

class PerfBuffer implements SampleReader {
  readonly memory: SampleMemory = sampleMemory(new Uint8Array(SCRATCH_BYTES));
  readonly capacityBytes: number;
  readonly #waiter: Waiter;
  #pointer: number;
  #cpus: readonly PerfRecords[];
  #first = 0;
  #lost = 0;

  /** Takes `pointer`, a `struct perf_buffer *`, over once nothing can fail any more. */
  constructor(pointer: number) {
    this.#pointer = pointer;
    this.#cpus = mappedBuffers(pointer, this.memory.i32);
    this.capacityBytes = this.#cpus[0]?.capacityBytes ?? 0;
    this.#waiter = new Waiter(
      bindings().libbpf.perf_buffer__epoll_fd(pointer),
      () => this.pendingBytes() > 0,
    );
  }

  get lost(): number {
    return this.#cpus.reduce((sum, cpu) => sum + cpu.lost, this.#lost);
  }

  pendingBytes(): number {
    return this.#cpus.reduce((most, cpu) => Math.max(most, cpu.pendingBytes()), 0);
  }

  /** Each CPU has its turn, of one bufferful at most; after a visitor's stop the next drain begins behind it. */
  drain(visit: SampleVisitor): number {
    const count = this.#cpus.length;
    let samples = 0;
    for (let turn = 0; turn < count; turn++) {
      const cpu = this.#cpus[(this.#first + turn) % count];
      samples += cpu?.drain(visit) ?? 0;
      if (!cpu?.stopped) continue;
      this.#first = (this.#first + turn + 1) % count;
      break;
    }
    return samples;
  }

  wait(timeoutMs: number): Promise<void> {
    return this.#waiter.wait(timeoutMs);
  }

  wake(): void {
    this.#waiter.wake();
  }

  close(): void {
    if (this.#pointer === 0) return;
    this.#waiter.close();
    this.#lost = this.lost;
    this.#cpus = [];
    bindings().libbpf.perf_buffer__free(this.#pointer);
    this.#pointer = 0;
  }
}

function mappedBuffers(pointer: number, scratch: Int32Array): PerfRecords[] {
  const { libbpf } = bindings();
  const pageBytes = bindings().libc.getpagesize();
  const count = libbpf.perf_buffer__buffer_cnt(pointer);
  return Array.from({ length: count }, (_, index) => {
    const { buffer, byteOffset, byteLength } = mappedBuffer(pointer, index, pageBytes);
    return new PerfRecords(
      {
        tail: new BigUint64Array(buffer, byteOffset + DATA_TAIL, 1),
        head: new Int32Array(buffer, byteOffset + DATA_HEAD, 2),
        data: new Int32Array(buffer, byteOffset + pageBytes, (byteLength - pageBytes) / 4),
      },
      scratch,
    );
  });
}

/** The mapping's first page, which describes the buffer, and the data behind it; libbpf's size is the data's. */
function mappedBuffer(pointer: number, index: number, pageBytes: number): Uint8Array {
  const { libbpf, viewMemory } = bindings();
  const address = new BigUint64Array(1);
  const size = new BigUint64Array(1);
  const result = libbpf.perf_buffer__buffer(pointer, index, asBytes(address), asBytes(size));
  if (result < 0) throw new EcliError('LOAD_FAILED', `perf buffer ${index}: ${errnoName(result)}`);
  return viewMemory(Number(address[0]), pageBytes + Number(size[0]));
}

function asBytes({ buffer }: BigUint64Array): Uint8Array {
  return new Uint8Array(buffer);
}

function openError(map: BpfMap, { value: result, lines, details }: Heard<number>): EcliError {
  const subject = `perf buffer ${printable(map.name)}`;
  const reason = lines[0] === undefined ? '' : `${printable(lines[0])}: `;
  return (
    outOfResources(subject, result, details) ??
    new EcliError('LOAD_FAILED', `${subject}: can't be opened: ${reason}${errnoName(result)}`, {
      ...(-result === Errno.EPERM && { hint: MEMORY_HINT }),
      details,
    })
  );
}

/** perf_event_open(2), "perf_event_mlock_kb". */
const MEMORY_HINT =
  'without root the memory of perf buffers is limited: fewer pages (perf_buffer_pages), or sysctl kernel.perf_event_mlock_kb';
