import { EcliError, printable } from '@ecli/core';
import { readFileSync } from 'node:fs';
import { sectionKind } from './section-kind.ts';

/** linux/capability.h: the numbers are bits of CapEff in /proc/self/status. */
const CAPABILITIES = { cap_sys_admin: 21n, cap_perfmon: 38n, cap_bpf: 39n } as const;

/** Whether this process may load tracing programs as far as capabilities go. */
export function mayLoadPrograms(): boolean {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const effective = BigInt(`0x${line}`);
  const has = (name: keyof typeof CAPABILITIES) => ((effective >> CAPABILITIES[name]) & 1n) === 1n;
  return has('cap_sys_admin') || (has('cap_bpf') && has('cap_perfmon'));
}

/**
 * The error of a user without rights, with the two ways to get them: as root, or by capabilities of the very
 * node binary that runs this. Which capabilities depends on the kinds of `sections`.
 */
export function permissionDenied(
  action: 'loading' | 'attaching',
  subject: string,
  sections: readonly string[],
  details: string,
): EcliError {
  return new EcliError('PERMISSION_DENIED', `Permission denied ${action} BPF program ${printable(subject)}`, {
    hint: permissionHint(sections),
    details,
  });
}

/** process.execPath is what /proc/self/exe leads to: the real file, as setcap(8) wants it. */
function permissionHint(sections: readonly string[]): string {
  const extra = new Map<string, string>();
  for (const section of sections) {
    const { capability } = sectionKind(section);
    if (capability) extra.set(capability.name, capability.reason);
  }
  const names = ['cap_bpf', 'cap_perfmon', ...extra.keys()].join(',');
  return [
    'run it as root:                          sudo ecli run …',
    `or let this node load programs for all:  sudo setcap ${names}+ep ${process.execPath}`,
    ...Array.from(extra, ([name, reason]) => `(${name}: ${reason})`),
  ].join('\n');
}
