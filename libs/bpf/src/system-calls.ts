import { EcliError } from '@ecli/core';

/**
 * Numbers of system calls on each architecture that Node.js runs on: asm/unistd.h; newer architectures share one
 * table (asm-generic/unistd.h).
 */
const NUMBERS = {
  bpf: { x64: 321, ia32: 357, arm: 386, ppc64: 361, generic: 280 },
  perf_event_open: { x64: 298, ia32: 336, arm: 364, ppc64: 319, generic: 241 },
} as const;
const GENERIC: readonly string[] = ['arm64', 'riscv64', 'loong64'];

/** The number of a system call here. @throws FEATURE_UNSUPPORTED on an architecture that isn't known */
export function systemCall(name: keyof typeof NUMBERS, architecture: string = process.arch): number {
  const numbers: Readonly<Record<string, number>> = NUMBERS[name];
  const number = numbers[GENERIC.includes(architecture) ? 'generic' : architecture];
  if (number !== undefined) return number;
  throw new EcliError(
    'FEATURE_UNSUPPORTED',
    `${architecture}: the number of its system call ${name}(2) is not known`,
  );
}
