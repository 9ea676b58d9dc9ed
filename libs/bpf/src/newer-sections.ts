import { bindings } from './bindings.ts';
import * as attachTypes from './net/attach-types.ts';
import { isSleepable, sectionWord } from './section-kind.ts';

interface SectionDefinition {
  /** linux/bpf.h, enum bpf_prog_type */
  readonly type: number;
  readonly attachType: number;
  /** BPF_PROG_LOAD's flags */
  readonly flags?: number;
}

const KPROBE = 2;
const BPF_F_SLEEPABLE = 1 << 4;

const SCHED_CLS = 3;
const SK_SKB = 14;
const CGROUP_SOCK_ADDR = 18;
const NETFILTER = 32;

/** Sections that libbpf learned after 1.0 (libbpf.c, section_defs), which it would call a kind that it doesn't know. */
const DEFINITIONS: Readonly<Record<string, SectionDefinition>> = {
  'kprobe.session': { type: KPROBE, attachType: attachTypes.BPF_TRACE_KPROBE_SESSION },
  'uprobe.multi': { type: KPROBE, attachType: attachTypes.BPF_TRACE_UPROBE_MULTI },
  'uretprobe.multi': { type: KPROBE, attachType: attachTypes.BPF_TRACE_UPROBE_MULTI },
  'uprobe.session': { type: KPROBE, attachType: attachTypes.BPF_TRACE_UPROBE_SESSION },
  netfilter: { type: NETFILTER, attachType: attachTypes.BPF_NETFILTER },
  'tc/ingress': { type: SCHED_CLS, attachType: attachTypes.BPF_TCX_INGRESS },
  'tc/egress': { type: SCHED_CLS, attachType: attachTypes.BPF_TCX_EGRESS },
  'tcx/ingress': { type: SCHED_CLS, attachType: attachTypes.BPF_TCX_INGRESS },
  'tcx/egress': { type: SCHED_CLS, attachType: attachTypes.BPF_TCX_EGRESS },
  'netkit/primary': { type: SCHED_CLS, attachType: attachTypes.BPF_NETKIT_PRIMARY },
  'netkit/peer': { type: SCHED_CLS, attachType: attachTypes.BPF_NETKIT_PEER },
  'sk_skb/verdict': { type: SK_SKB, attachType: attachTypes.BPF_SK_SKB_VERDICT },
  'cgroup/connect_unix': { type: CGROUP_SOCK_ADDR, attachType: attachTypes.BPF_CGROUP_UNIX_CONNECT },
  'cgroup/sendmsg_unix': { type: CGROUP_SOCK_ADDR, attachType: attachTypes.BPF_CGROUP_UNIX_SENDMSG },
  'cgroup/recvmsg_unix': { type: CGROUP_SOCK_ADDR, attachType: attachTypes.BPF_CGROUP_UNIX_RECVMSG },
  'cgroup/getpeername_unix': { type: CGROUP_SOCK_ADDR, attachType: attachTypes.BPF_CGROUP_UNIX_GETPEERNAME },
  'cgroup/getsockname_unix': { type: CGROUP_SOCK_ADDR, attachType: attachTypes.BPF_CGROUP_UNIX_GETSOCKNAME },
};

/** Finds a definition for the whole section, or for its first word, which may end in `.s`. */
function definitionOf(section: string): SectionDefinition | undefined {
  if (Object.hasOwn(DEFINITIONS, section)) return DEFINITIONS[section];
  const word = sectionWord(section);
  const definition = Object.hasOwn(DEFINITIONS, word) ? DEFINITIONS[word] : undefined;
  if (!definition || !isSleepable(section)) return definition;
  return { ...definition, flags: BPF_F_SLEEPABLE };
}

/** Tells libbpf, before load, what a program is whose section only a newer libbpf knows. */
export function adoptNewerSection(program: number, section: string): void {
  const definition = definitionOf(section);
  const { libbpf } = bindings();
  if (!definition || libbpf.bpf_program__type(program) !== 0) return;
  libbpf.bpf_program__set_type(program, definition.type);
  libbpf.bpf_program__set_expected_attach_type(program, definition.attachType);
  if (definition.flags !== undefined) libbpf.bpf_program__set_flags(program, definition.flags);
}
