import { bindings } from './bindings.ts';
import { systemCall } from './system-calls.ts';

/** enum bpf_cmd, linux/bpf.h */
export const BPF_PROG_ATTACH = 8;
export const BPF_PROG_DETACH = 9;
export const BPF_PROG_QUERY = 16;
export const BPF_LINK_CREATE = 28;
export const BPF_ENABLE_STATS = 32;

/**
 * Calls bpf(2) itself, for commands and members that libbpf 1.0 doesn't pass on.
 *
 * @returns what the command returns, or the negative errno
 * @throws FEATURE_UNSUPPORTED on an architecture whose system calls are not known here
 */
export function bpf(command: number, attributes: Uint8Array): number {
  return bindings().libc.syscall(systemCall('bpf'), command, attributes, attributes.byteLength);
}

/** Writes consecutive 32-bit members of a structure that is passed to the kernel. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeInt32LE(value | 0, index * 4));
  return bytes;
}
