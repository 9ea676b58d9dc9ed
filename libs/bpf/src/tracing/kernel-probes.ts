import { bindings } from '../bindings.ts';
import type { BpfLink, Link } from '../link.ts';
import { createOpts } from '../opts.ts';
import type { BpfProgram } from '../program.ts';
import { globPattern } from './glob.ts';
import { kernelFunctions } from './kernel-functions.ts';
import { createKprobeMultiLink } from './kprobe-multi-link.ts';

export interface ProbeOptions {
  /** Runs the program when the function returns instead of when it is called. */
  readonly atReturn: boolean;
  /** Says in messages what is attached where, in a section's words: `kprobe/vfs_read`. */
  readonly section: string;
}

/**
 * Attaches to a function of the kernel, or to an instruction so many bytes behind its start.
 *
 * @throws ATTACH_FAILED, PERMISSION_DENIED, FEATURE_UNSUPPORTED; as all functions here
 */
export function attachKprobe(
  program: BpfProgram,
  target: { readonly function: string; readonly offset: number },
  { atReturn, section }: ProbeOptions,
): BpfLink {
  // struct bpf_kprobe_opts:  0 size_t sz   8 __u64 bpf_cookie   16 size_t offset   24 bool retprobe
  const opts = createOpts(32);
  opts.writeBigUInt64LE(BigInt(target.offset), 16);
  opts.writeUInt8(atReturn ? 1 : 0, 24);
  const { libbpf } = bindings();
  return program.attachBy(
    (pointer) => libbpf.bpf_program__attach_kprobe_opts(pointer, target.function, opts),
    section,
  );
}

/** Attaches to all functions of the kernel that a pattern (`vfs_*`) matches, by one link. */
export function attachKprobes(
  program: BpfProgram,
  pattern: string,
  { atReturn, section }: ProbeOptions,
): BpfLink {
  // struct bpf_kprobe_multi_opts:  0 size_t sz   8 const char **syms   16 const unsigned long *addrs
  //                               24 const __u64 *cookies   32 size_t cnt   40 bool retprobe
  const opts = createOpts(48);
  opts.writeUInt8(atReturn ? 1 : 0, 40);
  const { libbpf } = bindings();
  return program.attachBy(
    (pointer) => libbpf.bpf_program__attach_kprobe_multi_opts(pointer, pattern, opts),
    section,
  );
}

/**
 * Attaches to all functions that a pattern matches, by one link whose program runs at calls and at returns; libbpf
 * knows how since 1.5 only.
 */
export function attachKprobeSession(program: BpfProgram, pattern: string, section: string): Link {
  const matches = globPattern(pattern);
  const names = [...new Set(kernelFunctions())].filter((name) => matches.test(name));
  return program.linkBy(
    () => createKprobeMultiLink({ descriptor: program.fd, attachType: program.attachType, names }),
    section,
  );
}

/** Attaches to the kernel's function for a system call, whose name depends on architecture and version. */
export function attachSystemCall(
  program: BpfProgram,
  name: string,
  { atReturn, section }: ProbeOptions,
): BpfLink {
  // struct bpf_ksyscall_opts:  0 size_t sz   8 __u64 bpf_cookie   16 bool retprobe
  const opts = createOpts(24);
  opts.writeUInt8(atReturn ? 1 : 0, 16);
  const { libbpf } = bindings();
  return program.attachBy((pointer) => libbpf.bpf_program__attach_ksyscall(pointer, name, opts), section);
}

/** Attaches to a tracepoint, by category and name. */
export function attachTracepoint(program: BpfProgram, category: string, name: string): BpfLink {
  const { libbpf } = bindings();
  return program.attachBy(
    (pointer) => libbpf.bpf_program__attach_tracepoint(pointer, category, name),
    `tp/${category}/${name}`,
  );
}

/** Attaches to a tracepoint by its name alone, to see its arguments as the kernel passes them. */
export function attachRawTracepoint(program: BpfProgram, name: string): BpfLink {
  const { libbpf } = bindings();
  return program.attachBy(
    (pointer) => libbpf.bpf_program__attach_raw_tracepoint(pointer, name),
    `raw_tp/${name}`,
  );
}
