import { type BpfMap, type BpfObject, type BpfProgram, prepareStructOps } from '@ecli/bpf';
import type { Attachment } from './attachment.ts';

/**
 * Plans to register an object's struct_ops maps, each of which names the programs that are its functions: those
 * are attached with it, not one by one. `program` is one of them.
 */
export function planStructOps(program: BpfProgram, object: BpfObject): readonly Attachment[] {
  return object.maps
    .filter(({ type }) => type === 'BPF_MAP_TYPE_STRUCT_OPS')
    .map((map) => planMap(program, map, object));
}

function planMap(program: BpfProgram, map: BpfMap, object: BpfObject): Attachment {
  prepareStructOps(map);
  return { program, where: `struct_ops map ${map.name}`, attach: () => object.register(map) };
}
