import { type Btf, type MapDefinition, mapDefinitions, type ObjectFile } from '@ecli/btf';
import type { MapInspection } from './inspection.ts';
import { isPerCpu, type Machine, mapMemory } from './map-memory.ts';

/** `BPF_F_*` of linux/include/uapi/linux/bpf.h, as far as they are for BPF_MAP_CREATE, by bit. */
const FLAGS: readonly string[] = [
  'BPF_F_NO_PREALLOC',
  'BPF_F_NO_COMMON_LRU',
  'BPF_F_NUMA_NODE',
  'BPF_F_RDONLY',
  'BPF_F_WRONLY',
  'BPF_F_STACK_BUILD_ID',
  'BPF_F_ZERO_SEED',
  'BPF_F_RDONLY_PROG',
  'BPF_F_WRONLY_PROG',
  'BPF_F_CLONE',
  'BPF_F_MMAPABLE',
  'BPF_F_PRESERVE_ELEMS',
  'BPF_F_INNER_MAP',
  'BPF_F_LINK',
  'BPF_F_PATH_FD',
  'BPF_F_VTYPE_BTF_OBJ_FD',
  'BPF_F_TOKEN_FD',
  'BPF_F_SEGV_ON_FAULT',
  'BPF_F_NO_USER_CONV',
];

/** Describes the maps that an object declares; those of its data sections are described by what is in them. */
export function inspectMaps(file: ObjectFile, machine: Machine): readonly MapInspection[] {
  return mapDefinitions(file).map((map) => inspectMap(map, file.btf, machine));
}

function inspectMap(map: MapDefinition, btf: Btf, machine: Machine): MapInspection {
  const { name, type, keySize, valueSize, maxEntries, keyType, valueType } = map;
  const memory = mapMemory(map, machine);
  return {
    name,
    type,
    ...(keyType !== undefined && { keyType: btf.spell(keyType) }),
    ...(valueType !== undefined && { valueType: btf.spell(valueType) }),
    keySize,
    valueSize,
    maxEntries,
    flags: flagNames(map.flags),
    ...(map.pinning === 1 && { pinned: true }),
    ...(memory !== undefined && { memory }),
    ...(isPerCpu(type) && { cpus: machine.cpus }),
  };
}

function flagNames(flags: number): string[] {
  return Array.from({ length: 32 }, (_, bit) => bit)
    .filter((bit) => (flags >>> bit) & 1)
    .map((bit) => FLAGS[bit] ?? `1 << ${bit}`);
}
