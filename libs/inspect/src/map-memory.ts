import type { MapDefinition } from '@ecli/btf';

/** What the memory of a map depends on beside its definition. */
export interface Machine {
  /** CPUs that the kernel could ever use. */
  readonly cpus: number;
  readonly pageBytes: number;
}

/** Entries that grow with what they are made for, one by one (`BPF_F_NO_PREALLOC`), still have a most. */
type Estimate = (map: MapDefinition, machine: Machine) => number;

/** Sizes of the kernel's own structs on 64-bit machines: `struct bucket`, `struct htab_elem` and the like. */
const BUCKET = 16;
const HASH_ELEMENT = 48;
const POINTER = 8;
const LPM_NODE = 40;
const STACK_BUCKET = 32;
/** Locks of a hash: eight ints for each CPU (HASHTAB_MAP_LOCK_COUNT). */
const LOCKS = 8 * 4;
/** `struct bpf_ringbuf` has a page of its own, and a page each for consumer and producer positions. */
const RING_PAGES = 3;

/** By map type; `map_mem_usage` of each in linux/kernel/bpf. */
const ESTIMATES: Readonly<Record<string, Estimate>> = {
  BPF_MAP_TYPE_ARRAY: ({ maxEntries, valueSize }) => maxEntries * align8(valueSize),
  BPF_MAP_TYPE_PERCPU_ARRAY: ({ maxEntries, valueSize }, { cpus }) =>
    maxEntries * (POINTER + align8(valueSize) * cpus),
  BPF_MAP_TYPE_HASH: (map, machine) => hash(map, machine, align8(map.valueSize), machine.cpus),
  BPF_MAP_TYPE_LRU_HASH: (map, machine) => hash(map, machine, align8(map.valueSize), 0),
  BPF_MAP_TYPE_PERCPU_HASH: (map, machine) =>
    hash(map, machine, POINTER + align8(map.valueSize) * machine.cpus, 0),
  BPF_MAP_TYPE_LRU_PERCPU_HASH: (map, machine) =>
    hash(map, machine, POINTER + align8(map.valueSize) * machine.cpus, 0),
  BPF_MAP_TYPE_HASH_OF_MAPS: (map, machine) => hash(map, machine, POINTER, 0),
  BPF_MAP_TYPE_SOCKHASH: (map, machine) => hash(map, machine, POINTER, 0),
  BPF_MAP_TYPE_LPM_TRIE: ({ maxEntries, keySize, valueSize }) =>
    maxEntries * align8(LPM_NODE + keySize - 4 + valueSize),
  BPF_MAP_TYPE_RINGBUF: ring,
  BPF_MAP_TYPE_USER_RINGBUF: ring,
  BPF_MAP_TYPE_PERF_EVENT_ARRAY: ({ maxEntries }, { cpus }) => (maxEntries || cpus) * POINTER,
  BPF_MAP_TYPE_PROG_ARRAY: pointers,
  BPF_MAP_TYPE_CGROUP_ARRAY: pointers,
  BPF_MAP_TYPE_ARRAY_OF_MAPS: pointers,
  BPF_MAP_TYPE_DEVMAP: pointers,
  BPF_MAP_TYPE_CPUMAP: pointers,
  BPF_MAP_TYPE_XSKMAP: pointers,
  BPF_MAP_TYPE_SOCKMAP: pointers,
  BPF_MAP_TYPE_REUSEPORT_SOCKARRAY: pointers,
  BPF_MAP_TYPE_STACK_TRACE: ({ maxEntries, valueSize }) =>
    powerOfTwo(maxEntries) * POINTER + maxEntries * (STACK_BUCKET + align8(valueSize)),
  BPF_MAP_TYPE_QUEUE: queue,
  BPF_MAP_TYPE_STACK: queue,
  // Five hashes by default, and bits for them as bloom_map_alloc chooses: entries × hashes × 7 / 5.
  BPF_MAP_TYPE_BLOOM_FILTER: ({ maxEntries }) => powerOfTwo(Math.ceil(maxEntries * 5 * 1.4)) / 8,
  BPF_MAP_TYPE_ARENA: ({ maxEntries }, { pageBytes }) => maxEntries * pageBytes,
};

/** Maps whose entries have a value for each CPU. */
export function isPerCpu(type: string): boolean {
  return type.includes('_PERCPU_');
}

/**
 * Estimates the most memory in bytes that the kernel takes for a map; undefined for those that grow with what they
 * are attached to (storage of tasks, sockets, inodes, cgroups), and for types that aren't known.
 */
export function mapMemory(map: MapDefinition, machine: Machine): number | undefined {
  return Object.hasOwn(ESTIMATES, map.type) ? ESTIMATES[map.type]?.(map, machine) : undefined;
}

function hash(
  { maxEntries, keySize }: MapDefinition,
  { cpus }: Machine,
  value: number,
  spare: number,
): number {
  const element = HASH_ELEMENT + align8(keySize) + value;
  return powerOfTwo(maxEntries) * BUCKET + LOCKS * cpus + (maxEntries + spare) * element;
}

function ring({ maxEntries }: MapDefinition, { pageBytes }: Machine): number {
  return maxEntries + RING_PAGES * pageBytes;
}

function pointers({ maxEntries }: MapDefinition): number {
  return maxEntries * POINTER;
}

/** One more than its entries tells a full queue from an empty one. */
function queue({ maxEntries, valueSize }: MapDefinition): number {
  return (maxEntries + 1) * valueSize;
}

function align8(size: number): number {
  return Math.ceil(size / 8) * 8;
}

function powerOfTwo(number: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, number)));
}
