import { EcliError, printable } from '@ecli/core';

/** How a type of map is read from outside. */
export interface MapKind {
  /** Each entry has a value for each possible CPU. */
  readonly perCpu: boolean;
  /** `keys`: the kernel goes from key to key. `queue`: there are no keys, and only the next value is to be seen. */
  readonly order: 'keys' | 'queue';
  /** Whether bpf(2) reads many entries at once. */
  readonly batch: boolean;
  /** Whether entries come and go, so that the kernel may lose its place among the keys. */
  readonly changes: boolean;
  /** How entries are cleared: arrays always have all of theirs, which are set to zero. Undefined: not for us to do. */
  readonly clear?: 'delete' | 'zero';
}

const hash: MapKind = { perCpu: false, order: 'keys', batch: true, changes: true, clear: 'delete' };
const array: MapKind = { perCpu: false, order: 'keys', batch: true, changes: false, clear: 'zero' };
const queue: MapKind = { perCpu: false, order: 'queue', batch: false, changes: true, clear: 'delete' };
/** What userspace put there for programs: devices, maps, programs. The values are their numbers. */
const slots: MapKind = { perCpu: false, order: 'keys', batch: false, changes: true };

/** kernel/bpf/{hashtab,arraymap,lpm_trie,queue_stack_maps,…}.c: the operations of each type. */
const KINDS: Readonly<Record<string, MapKind>> = {
  BPF_MAP_TYPE_HASH: hash,
  BPF_MAP_TYPE_LRU_HASH: hash,
  BPF_MAP_TYPE_PERCPU_HASH: { ...hash, perCpu: true },
  BPF_MAP_TYPE_LRU_PERCPU_HASH: { ...hash, perCpu: true },
  BPF_MAP_TYPE_ARRAY: array,
  BPF_MAP_TYPE_PERCPU_ARRAY: { ...array, perCpu: true },
  // In batches of a trie keys would come twice: the kernel walks key by key itself, and begins anew as it does for us.
  BPF_MAP_TYPE_LPM_TRIE: { ...hash, batch: false },
  BPF_MAP_TYPE_QUEUE: queue,
  BPF_MAP_TYPE_STACK: queue,
  BPF_MAP_TYPE_STACK_TRACE: { ...hash, batch: false },
  BPF_MAP_TYPE_CGROUP_STORAGE: slots,
  BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE: { ...slots, perCpu: true },
  BPF_MAP_TYPE_ARRAY_OF_MAPS: slots,
  BPF_MAP_TYPE_HASH_OF_MAPS: slots,
  BPF_MAP_TYPE_PROG_ARRAY: slots,
  BPF_MAP_TYPE_DEVMAP: slots,
  BPF_MAP_TYPE_DEVMAP_HASH: slots,
  BPF_MAP_TYPE_CPUMAP: slots,
  BPF_MAP_TYPE_SOCKMAP: slots,
  BPF_MAP_TYPE_SOCKHASH: slots,
  BPF_MAP_TYPE_REUSEPORT_SOCKARRAY: slots,
};

const ITERATOR = (section: string): string => `a program of section ${section} can go through it`;

/** Why the other types have nothing to read, and what to do instead. */
const UNREADABLE: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  BPF_MAP_TYPE_RINGBUF: ['its samples are taken as they come', 'leave out "sample"'],
  BPF_MAP_TYPE_USER_RINGBUF: ['it is written from outside', 'sample a map that programs write'],
  BPF_MAP_TYPE_PERF_EVENT_ARRAY: ['its samples are taken as they come', 'leave out "sample"'],
  BPF_MAP_TYPE_CGROUP_ARRAY: ['the kernel does not tell what it holds', 'sample a hash map or an array'],
  BPF_MAP_TYPE_XSKMAP: ['the kernel does not tell what it holds', 'sample a hash map or an array'],
  BPF_MAP_TYPE_SK_STORAGE: ['its values belong to sockets', ITERATOR('iter/bpf_sk_storage_map')],
  BPF_MAP_TYPE_INODE_STORAGE: ['its values belong to inodes', 'sample a hash map by inode number'],
  BPF_MAP_TYPE_TASK_STORAGE: ['its values belong to tasks', ITERATOR('iter/task')],
  BPF_MAP_TYPE_CGRP_STORAGE: ['its values belong to cgroups', ITERATOR('iter/cgroup')],
  BPF_MAP_TYPE_BLOOM_FILTER: ['a Bloom filter does not keep its values', 'sample a hash map'],
  BPF_MAP_TYPE_STRUCT_OPS: ['it holds functions for the kernel', 'sample a hash map or an array'],
  BPF_MAP_TYPE_ARENA: ['it is plain memory', 'sample a hash map or an array'],
};

/** What messages need to know of a map. */
export interface TypedMap {
  readonly name: string;
  /** As C spells it. */
  readonly type: string;
}

/** Says how the entries of `map` are read. @throws FEATURE_UNSUPPORTED for a type that has none to read */
export function kindOf({ name, type }: TypedMap): MapKind {
  const kind = KINDS[type];
  if (kind) return kind;
  const [reason, hint] = UNREADABLE[type] ?? ['ecli does not know this type', 'take a newer ecli'];
  throw new EcliError(
    'FEATURE_UNSUPPORTED',
    `map ${printable(name)}: the entries of a ${type} can't be read: ${reason}`,
    { hint },
  );
}
