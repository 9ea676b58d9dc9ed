import { Btf } from '@ecli/btf';
import { nearNames } from '@ecli/core';
import { readFileSync } from 'node:fs';
import { sectionTarget, sectionWord } from '../section-kind.ts';
import { nearTracepoints } from '../tracefs.ts';
import { nearKernelFunctions, nearSecurityHooks } from './kernel-functions.ts';

/** Finds what the target of a section in the kernel may have been meant to be; up to three, the nearest first. */
export function nearTargets(section: string): string[] {
  const target = sectionTarget(section);
  switch (sectionWord(section)) {
    case 'tp':
    case 'tracepoint':
    case 'raw_tp':
    case 'raw_tracepoint':
    case 'tp_btf':
      return nearTracepoints(target);
    case 'lsm':
    case 'lsm_cgroup':
      return nearSecurityHooks(target);
    case 'iter':
      return nearNames(target, iteratorTargets());
    default:
      return nearKernelFunctions(target);
  }
}

const ITERATOR_PREFIX = 'bpf_iter_';

/** What iterators go over: the kernel has an empty function for each, kept for its type alone. */
function iteratorTargets(): string[] {
  const { types } = Btf.parse(readFileSync('/sys/kernel/btf/vmlinux'));
  return types.flatMap((type) =>
    type.kind === 'function' && type.name.startsWith(ITERATOR_PREFIX)
      ? [type.name.slice(ITERATOR_PREFIX.length)]
      : [],
  );
}
