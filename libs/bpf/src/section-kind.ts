import type { FeatureName } from './features.ts';

/** What the kind of a section, the part before its first slash, asks of the kernel and of whoever attaches it. */
export interface SectionKind {
  /** The feature without which such a program can't be loaded or attached. */
  readonly feature?: FeatureName;
  /** Capabilities beside CAP_BPF and CAP_PERFMON that loading or attaching takes, and why. */
  readonly capability?: { readonly name: string; readonly reason: string };
  /** What the section doesn't say and libbpf would have to be told. */
  readonly needs?: string;
}

const TRACEFS = {
  name: 'cap_dac_read_search',
  reason: 'tracepoints are looked up in tracefs, which only root may enter',
};
const ADMIN = { name: 'cap_sys_admin', reason: 'the kernel wants it for uprobes' };
const RAW_SOCKET = { name: 'cap_net_raw', reason: 'the kernel wants it for sockets that see packets' };
const NETWORK = { name: 'cap_net_admin', reason: 'the kernel wants it for programs in the network' };

const TRACEPOINT: SectionKind = { feature: 'tracefs', capability: TRACEFS, needs: 'the tracepoint' };
const KPROBE: SectionKind = { feature: 'kprobe', capability: TRACEFS, needs: 'the kernel function' };
const SYSCALL_PROBE: SectionKind = { feature: 'kprobe', capability: TRACEFS, needs: 'the system call' };
const UPROBE: SectionKind = { feature: 'uprobe', capability: ADMIN, needs: 'the binary and the function' };
const UPROBES: SectionKind = {
  ...UPROBE,
  feature: 'uprobe_multi',
  needs: 'the binary and a pattern of functions',
};
const TRAMPOLINE: SectionKind = { feature: 'fentry', needs: 'the kernel function' };
const INTERFACE: SectionKind = { capability: NETWORK, needs: 'a network interface' };
const CGROUP: SectionKind = { feature: 'cgroup', capability: NETWORK, needs: 'a cgroup' };
const SOCKET_MAP: SectionKind = { capability: NETWORK, needs: 'a socket map' };

/** libbpf.c, section_defs; a kind that isn't here asks for nothing more. */
const KINDS: Readonly<Record<string, SectionKind>> = {
  tracepoint: TRACEPOINT,
  tp: TRACEPOINT,
  kprobe: KPROBE,
  kretprobe: KPROBE,
  ksyscall: SYSCALL_PROBE,
  kretsyscall: SYSCALL_PROBE,
  'kprobe.multi': { feature: 'kprobe_multi', needs: 'a pattern of kernel functions' },
  'kretprobe.multi': { feature: 'kprobe_multi', needs: 'a pattern of kernel functions' },
  'kprobe.session': { feature: 'kprobe_session', needs: 'a pattern of kernel functions' },
  uprobe: UPROBE,
  uretprobe: UPROBE,
  usdt: { ...UPROBE, needs: 'the binary, the provider and the name' },
  'uprobe.multi': UPROBES,
  'uretprobe.multi': UPROBES,
  'uprobe.session': { ...UPROBES, feature: 'uprobe_session' },
  fentry: TRAMPOLINE,
  fexit: TRAMPOLINE,
  fmod_ret: TRAMPOLINE,
  tp_btf: { needs: 'the tracepoint' },
  raw_tp: { feature: 'raw_tracepoint', needs: 'the tracepoint' },
  raw_tracepoint: { feature: 'raw_tracepoint', needs: 'the tracepoint' },
  iter: { feature: 'iterator', needs: 'what it goes over' },
  lsm: { feature: 'lsm', needs: 'the hook' },
  lsm_cgroup: { ...CGROUP, feature: 'lsm' },
  freplace: { feature: 'freplace', needs: 'the program and the function to replace' },
  struct_ops: { feature: 'struct_ops', needs: 'to be registered as a whole by its map' },
  xdp: INTERFACE,
  tcx: { ...INTERFACE, feature: 'tcx' },
  netkit: { ...INTERFACE, feature: 'netkit' },
  netfilter: { capability: NETWORK, feature: 'netfilter', needs: 'a netfilter hook' },
  tc: { capability: NETWORK, needs: 'a network interface and a direction' },
  classifier: { capability: NETWORK, needs: 'a network interface and a direction' },
  action: { capability: NETWORK, needs: 'a network interface and a direction' },
  perf_event: { feature: 'perf_event', needs: 'an event and how often to sample it' },
  sockops: CGROUP,
  cgroup: CGROUP,
  cgroup_skb: CGROUP,
  socket: { capability: RAW_SOCKET, needs: 'a socket' },
  sk_reuseport: { needs: 'a socket' },
  sk_skb: SOCKET_MAP,
  sk_msg: SOCKET_MAP,
  sk_lookup: { capability: NETWORK, needs: 'a network namespace' },
  flow_dissector: { capability: NETWORK, needs: 'a network namespace' },
  lirc_mode2: { needs: 'an infrared device' },
  syscall: { needs: 'to be called, not attached' },
};

/** Looks a section's kind up: `?` (not loaded by default) before it and `.s`, `.w`, `.frags` behind it don't matter. */
export function sectionKind(section: string): SectionKind {
  const kind = sectionWord(section);
  return (Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined) ?? {};
}

/** The first word of a section, which is its kind: `kprobe.multi` of `?kprobe.multi.s/vfs_*`. */
export function sectionWord(section: string): string {
  return (section.split('/')[0] ?? '').replace(/^\?/, '').replace(/\.(?:s|w|frags)$/, '');
}

/** Whether the section says that the program may sleep, as `uprobe.s` does. */
export function isSleepable(section: string): boolean {
  return (section.split('/')[0] ?? '').endsWith('.s');
}

/** What stands behind the kind: `syscalls/sys_enter_openat` of `tp/syscalls/sys_enter_openat`. */
export function sectionTarget(section: string): string {
  const slash = section.indexOf('/');
  return slash < 0 ? '' : section.slice(slash + 1);
}
