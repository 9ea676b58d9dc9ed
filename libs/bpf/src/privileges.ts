import { EcliError, printable } from '@ecli/core';
import { readFileSync } from 'node:fs';
import { sectionKind } from './section-kind.ts';

/** linux/capability.h: the numbers are bits of CapEff in /proc/self/status. */
const CAPABILITIES: ReadonlyMap<string, bigint> = new Map([
  ['cap_dac_read_search', 2n],
  ['cap_net_admin', 12n],
  ['cap_net_raw', 13n],
  ['cap_sys_admin', 21n],
  ['cap_perfmon', 38n],
  ['cap_bpf', 39n],
]);
const LOADING = ['cap_bpf', 'cap_perfmon'];

/** Whether this process may load tracing programs as far as capabilities go. */
export function mayLoadPrograms(): boolean {
  return missingOf(LOADING).length === 0;
}

/** Those of `names` that this process doesn't have, nor cap_sys_admin, which once stood for the newer ones. */
function missingOf(names: readonly string[]): string[] {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
  const effective = BigInt(`0x${line}`);
  const has = (name: string): boolean => ((effective >> (CAPABILITIES.get(name) ?? 0n)) & 1n) === 1n;
  return names.filter((name) => !has(name) && !(LOADING.includes(name) && has('cap_sys_admin')));
}

/**
 * The error of a call that was refused. Its hint is for a user the two ways to rights: as root, or by capabilities
 * of the very node binary that runs this, which depend on the kinds of `sections`; for root in a container what
 * it lacks; and for who lacks nothing what else may refuse.
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

function permissionHint(sections: readonly string[]): string {
  const extra = new Map<string, string>();
  for (const section of sections) {
    const { capability } = sectionKind(section);
    if (capability) extra.set(capability.name, capability.reason);
  }
  const needed = [...LOADING, ...extra.keys()];
  const missing = missingOf(needed);
  if (missing.length === 0) return REFUSED_NEVERTHELESS;
  if (process.geteuid?.() === 0) return `root lacks ${missing.join(', ')} here; ${CONTAINER}`;
  return [
    'run it as root:                          sudo ecli run …',
    // process.execPath is what /proc/self/exe leads to: the real file, as setcap(8) wants it.
    `or let this node load programs for all:  sudo setcap ${needed.join(',')}+ep ${process.execPath}`,
    ...Array.from(extra, ([name, reason]) => `(${name}: ${reason})`),
  ].join('\n');
}

const CONTAINER = 'a container gets them by docker run --cap-add … or --privileged';
const REFUSED_NEVERTHELESS =
  "this process has the capabilities, so something else refuses: a container's seccomp profile, kernel lockdown " +
  '(/sys/kernel/security/lockdown) or a security module; the kernel log may tell which: dmesg';
