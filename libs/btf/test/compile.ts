import { execFileSync } from 'node:child_process';

/** What bpf_helpers.h would give, so that compiling needs clang alone. */
const PRELUDE = `
#define SEC(name) __attribute__((section(name), used))
#define __uint(name, val) int (*name)[val]
#define __type(name, val) typeof(val) *name
#define __array(name, val) typeof(val) *name[]
typedef unsigned int __u32;
typedef unsigned long long __u64;
`;

/** Compiles C to a BPF object; without `flags`, as `ecli build` does. */
export function compile(source: string, flags: readonly string[] = ['-g']): Uint8Array {
  const object = execFileSync('clang', [...flags, '-O2', '-target', 'bpf', '-x', 'c', '-c', '-o', '-', '-'], {
    input: PRELUDE + source,
    maxBuffer: 1 << 24,
  });
  // Not a Buffer, whose slice() would share memory with the original.
  return new Uint8Array(object);
}
