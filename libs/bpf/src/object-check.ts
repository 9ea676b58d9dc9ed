import { parseObject } from '@ecli/btf';

/**
 * Refuses an object in which libbpf would get lost: before 1.3 it follows type ids and names of an object's BTF
 * that nobody checked, and a damaged or hostile file ends the process by SIGSEGV.
 *
 * @throws OBJECT_INVALID
 */
export function checkObject(content: Uint8Array): void {
  parseObject(content).btf.checkReferences();
}
