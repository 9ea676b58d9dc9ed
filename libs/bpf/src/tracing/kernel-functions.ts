import { nearNames } from '@ecli/core';
import { readFileSync } from 'node:fs';
import { tracefsFolder } from '../tracefs.ts';

/** Of kallsyms(5), `ffffffff81000000 t vfs_read [module]`: what is code. */
const CODE = /^[0-9a-f]+ [tTwW] (\S+)/gm;

/** The functions of this kernel and its modules: those that ftrace can trace where it says so, else all. */
export function kernelFunctions(): string[] {
  const traceable = read(`${tracefsFolder() ?? ''}/available_filter_functions`);
  if (traceable !== '') return Array.from(traceable.matchAll(/^\S+/gm), ([name]) => name);
  return Array.from(read('/proc/kallsyms').matchAll(CODE), ([, name = '']) => name);
}

/** Finds what kernel function may have been meant; up to three, the nearest first. */
export function nearKernelFunctions(name: string): string[] {
  return nearNames(name, new Set(kernelFunctions()));
}

/** The hooks that LSM programs attach to, each of which has an empty function of its own (kernel/bpf/bpf_lsm.c). */
export function nearSecurityHooks(name: string): string[] {
  const hooks = read('/proc/kallsyms').matchAll(/ bpf_lsm_(\w+)$/gm);
  return nearNames(name, new Set(Array.from(hooks, ([, hook = '']) => hook)));
}

/** Empty where it isn't there or can't be read: a kernel that is locked down refuses even root. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
