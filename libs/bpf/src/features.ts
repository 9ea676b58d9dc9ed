import { existsSync, readFileSync } from 'node:fs';
import { bindings } from './bindings.ts';
import { Errno } from './errno.ts';
import {
  BPF_CGROUP_INET_INGRESS,
  BPF_NETKIT_PRIMARY,
  BPF_TCX_INGRESS,
  BPF_TRACE_UPROBE_MULTI,
  BPF_TRACE_UPROBE_SESSION,
} from './net/attach-types.ts';
import { probeAttachType, probeNetfilter } from './net/probe-network.ts';
import { mayLoadPrograms } from './privileges.ts';
import { tracefsFolder } from './tracefs.ts';
import { probeUprobeMulti } from './tracing/uprobe-multi-link.ts';

/** Something of the kernel that programs need and a kernel may lack. */
export interface Feature {
  /** For people. */
  readonly title: string;
  /** The first kernel that had it on some architecture. */
  readonly since: string;
  /** What to look for in the kernel's configuration. */
  readonly config: string;
}

export type FeatureName =
  | 'bpf'
  | 'btf'
  | 'tracefs'
  | 'perf_event'
  | 'kprobe'
  | 'kprobe_multi'
  | 'uprobe'
  | 'kprobe_session'
  | 'uprobe_multi'
  | 'uprobe_session'
  | 'raw_tracepoint'
  | 'iterator'
  | 'freplace'
  | 'fentry'
  | 'lsm'
  | 'struct_ops'
  | 'ring_buffer'
  | 'tc'
  | 'tcx'
  | 'netkit'
  | 'netfilter'
  | 'cgroup';

export const FEATURES: Readonly<Record<FeatureName, Feature>> = {
  bpf: { title: 'the bpf system call', since: '3.18', config: 'CONFIG_BPF_SYSCALL' },
  btf: { title: "the kernel's own types (BTF)", since: '5.2', config: 'CONFIG_DEBUG_INFO_BTF' },
  tracefs: { title: 'tracefs', since: '4.1', config: 'CONFIG_TRACING and CONFIG_EVENT_TRACING' },
  perf_event: { title: 'perf events', since: '2.6.31', config: 'CONFIG_PERF_EVENTS' },
  kprobe: { title: 'kprobes', since: '4.1', config: 'CONFIG_KPROBES and CONFIG_KPROBE_EVENTS' },
  kprobe_multi: { title: 'multi-kprobes', since: '5.18', config: 'CONFIG_FPROBE' },
  uprobe: { title: 'uprobes', since: '4.1', config: 'CONFIG_UPROBES and CONFIG_UPROBE_EVENTS' },
  kprobe_session: { title: 'kprobe sessions', since: '6.10', config: 'CONFIG_FPROBE' },
  uprobe_multi: { title: 'multi-uprobes', since: '6.6', config: 'CONFIG_UPROBES and CONFIG_BPF_EVENTS' },
  uprobe_session: { title: 'uprobe sessions', since: '6.13', config: 'CONFIG_UPROBES and CONFIG_BPF_EVENTS' },
  raw_tracepoint: { title: 'raw tracepoints for BPF', since: '4.17', config: 'CONFIG_BPF_EVENTS' },
  iterator: {
    title: 'BPF iterators',
    since: '5.8',
    config: 'CONFIG_BPF_SYSCALL and CONFIG_DEBUG_INFO_BTF',
  },
  freplace: {
    title: 'programs that replace functions of others',
    since: '5.6',
    config: 'CONFIG_BPF_JIT and CONFIG_DEBUG_INFO_BTF',
  },
  fentry: {
    title: 'fentry programs (BPF trampolines)',
    since: '5.5',
    config: 'CONFIG_BPF_JIT, CONFIG_FUNCTION_TRACER and CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS',
  },
  lsm: {
    title: 'BPF LSM programs',
    since: '5.7',
    config: 'CONFIG_BPF_LSM, with bpf in CONFIG_LSM or in lsm= of the command line',
  },
  struct_ops: {
    title: 'struct_ops programs',
    since: '5.6',
    config: 'CONFIG_BPF_JIT and CONFIG_DEBUG_INFO_BTF',
  },
  ring_buffer: { title: 'BPF ring buffers', since: '5.8', config: 'CONFIG_BPF_SYSCALL' },
  tc: {
    title: 'BPF filters in traffic control',
    since: '4.5',
    config: 'CONFIG_NET_CLS_BPF and CONFIG_NET_SCH_INGRESS',
  },
  tcx: { title: 'tcx programs', since: '6.6', config: 'CONFIG_NET_XGRESS' },
  netkit: { title: 'netkit devices', since: '6.7', config: 'CONFIG_NETKIT' },
  netfilter: { title: 'BPF netfilter programs', since: '6.4', config: 'CONFIG_NETFILTER_BPF_LINK' },
  cgroup: { title: 'BPF programs of cgroups', since: '5.7', config: 'CONFIG_CGROUP_BPF' },
};

/** `unknown` is an answer of its own: no rights to ask, or an error that says neither. */
export type Answer = 'yes' | 'no' | 'unknown';

const answers = new Map<FeatureName, Answer>();

/** Asks whether this kernel has a feature. Only conclusive answers are kept. */
export function probeFeature(name: FeatureName): Answer {
  const known = answers.get(name);
  if (known !== undefined) return known;
  const answer = PROBES[name]();
  if (answer !== 'unknown') answers.set(name, answer);
  return answer;
}

const PROBES: Readonly<Record<FeatureName, () => Answer>> = {
  bpf: () => exists('/proc/sys/kernel/unprivileged_bpf_disabled'),
  btf: () => exists('/sys/kernel/btf/vmlinux'),
  // Mounted or not: proc_filesystems(5).
  tracefs: () => (readFileSync('/proc/filesystems', 'utf8').includes('\ttracefs\n') ? 'yes' : 'no'),
  // perf_event_open(2): "the official way of knowing if perf_event_open() support is enabled".
  perf_event: () => exists('/proc/sys/kernel/perf_event_paranoid'),
  kprobe: () => probeEvents('kprobe'),
  uprobe: () => probeEvents('uprobe'),
  kprobe_multi: () => (probeEvents('kprobe') === 'no' ? 'no' : 'unknown'),
  kprobe_session: () => (probeEvents('kprobe') === 'no' ? 'no' : 'unknown'),
  uprobe_multi: () => probeUprobeMulti(BPF_TRACE_UPROBE_MULTI),
  uprobe_session: () => probeUprobeMulti(BPF_TRACE_UPROBE_SESSION),
  raw_tracepoint: () => fromLibbpf(bindings().libbpf.libbpf_probe_bpf_prog_type(PROGRAM_RAW_TRACEPOINT, 0)),
  iterator: () => 'unknown',
  // Asked after a failure only: what refuses the trampolines of fentry refuses those to a replacement too.
  freplace: () => (probeFeature('fentry') === 'no' ? 'no' : 'unknown'),
  fentry: () => probeTracing(PROGRAM_TRACING, BPF_TRACE_FENTRY, 'bpf_fentry_test1'),
  lsm: () => probeTracing(PROGRAM_LSM, BPF_LSM_MAC, 'file_open'),
  struct_ops: () => fromLibbpf(bindings().libbpf.libbpf_probe_bpf_prog_type(PROGRAM_STRUCT_OPS, 0)),
  ring_buffer: () => fromLibbpf(bindings().libbpf.libbpf_probe_bpf_map_type(MAP_RINGBUF, 0)),
  // Both are modules that load on demand: only to attach tells.
  tc: () => 'unknown',
  tcx: () => probeAttachType(BPF_TCX_INGRESS, LOOPBACK),
  netkit: () => probeAttachType(BPF_NETKIT_PRIMARY, LOOPBACK),
  netfilter: probeNetfilter,
  cgroup: () => probeAttachType(BPF_CGROUP_INET_INGRESS, -1),
};

/** net/core/net_namespace.c: lo is the first interface of every network namespace. */
const LOOPBACK = 1;

/** linux/bpf.h: enum bpf_prog_type, bpf_attach_type, bpf_map_type */
const PROGRAM_RAW_TRACEPOINT = 17;
const PROGRAM_TRACING = 26;
const PROGRAM_STRUCT_OPS = 27;
const PROGRAM_LSM = 29;
const BPF_TRACE_FENTRY = 24;
const BPF_LSM_MAC = 27;
const MAP_RINGBUF = 27;

function exists(path: string): Answer {
  return existsSync(path) ? 'yes' : 'no';
}

/** A kprobe is a perf event of a kind of its own (4.17), or before that a line in a file of tracefs. */
function probeEvents(kind: 'kprobe' | 'uprobe'): Answer {
  if (existsSync(`/sys/bus/event_source/devices/${kind}/type`)) return 'yes';
  const folder = tracefsFolder();
  if (folder === undefined) return 'unknown';
  return exists(`${folder}/${kind}_events`);
}

function fromLibbpf(result: number): Answer {
  if (result === 1) return 'yes';
  return result === 0 && mayLoadPrograms() ? 'no' : 'unknown';
}

/** `r0 = 0; exit` */
const RETURN_ZERO = Buffer.from('b7000000000000009500000000000000', 'hex');

/** Loads the smallest program of a kind for a kernel function and, where it loads, attaches it for a moment. */
function probeTracing(type: number, attachType: number, kernelFunction: string): Answer {
  const { libbpf, libc } = bindings();
  if (!mayLoadPrograms() || probeFeature('btf') === 'no') return 'unknown';
  const program = loadSmallest(type, attachType, kernelFunction);
  if (program === -Errno.ESRCH || program === -Errno.ENOENT) return 'no';
  if (program < 0) return refused(program);
  const link = libbpf.bpf_raw_tracepoint_open(0, program);
  if (link >= 0) libc.close(link);
  libc.close(program);
  return link >= 0 ? 'yes' : refused(link);
}

/** EPERM although we have the rights is how some kernels say that they were made without. */
function refused(result: number): Answer {
  const refusals: readonly number[] = [Errno.EPERM, Errno.EINVAL, Errno.EOPNOTSUPP, Errno.ENOTSUPP];
  return refusals.includes(-result) ? 'no' : 'unknown';
}

/**
 * Calls bpf_prog_load with a `struct bpf_prog_load_opts` (bpf.h):
 *
 *     0  size_t sz      12  enum bpf_attach_type expected_attach_type      32  __u32 attach_btf_id
 */
function loadSmallest(type: number, attachType: number, kernelFunction: string): number {
  const { libbpf } = bindings();
  const functionId = libbpf.libbpf_find_vmlinux_btf_id(kernelFunction, attachType);
  if (functionId < 0) return functionId;
  const opts = Buffer.alloc(40);
  opts.writeBigUInt64LE(BigInt(opts.length), 0);
  opts.writeUInt32LE(attachType, 12);
  opts.writeUInt32LE(functionId, 32);
  return libbpf.bpf_prog_load(type, 'ecli_probe', 'GPL', RETURN_ZERO, RETURN_ZERO.length / 8, opts);
}
