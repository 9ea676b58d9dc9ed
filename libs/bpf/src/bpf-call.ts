import { EcliError } from '@ecli/core';
import { bindings } from './bindings.ts';

/** enum bpf_cmd, linux/bpf.h */
export const BPF_PROG_ATTACH = 8;
export const BPF_PROG_DETACH = 9;
export const BPF_PROG_QUERY = 16;
export const BPF_LINK_CREATE = 28;

/** __NR_bpf of each architecture that Node.js runs on: asm/unistd.h; newer ones share one table (asm-generic). */
const NUMBERS: Readonly<Record<string, number>> = { x64: 321, ia32: 357, arm: 386, ppc64: 361 };
const GENERIC_NUMBER = 280;
const GENERIC: readonly string[] = ['arm64', 'riscv64', 'loong64'];

/**
 * Calls bpf(2) itself, for commands and members that libbpf 1.0 doesn't pass on.
 *
 * @returns what the command returns, or the negative errno
 * @throws FEATURE_UNSUPPORTED on an architecture whose system calls are not known here
 */
export function bpf(command: number, attributes: Uint8Array): number {
  return bindings().libc.syscall(systemCall(), command, attributes, attributes.byteLength);
}

function systemCall(): number {
  const number = GENERIC.includes(process.arch) ? GENERIC_NUMBER : NUMBERS[process.arch];
  if (number !== undefined) return number;
  throw new EcliError(
    'FEATURE_UNSUPPORTED',
    `${process.arch}: the number of its system call bpf(2) is not known`,
  );
}

/** Writes consecutive 32-bit members of a structure that is passed to the kernel. */
export function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeInt32LE(value | 0, index * 4));
  return bytes;
}
