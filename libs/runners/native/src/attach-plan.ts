import type { BpfObject, BpfProgram } from '@ecli/bpf';
import { type ObjectFile, programDefinitions } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import type { ProgramMeta } from '@ecli/packages';

/**
 * Sections that say all that libbpf needs to attach a program (`SEC_DEF` with an attach function in libbpf.c):
 * the part before the first slash, where a target must follow it.
 */
const SELF_DESCRIBING = new Set(
  [
    'kprobe kretprobe ksyscall kretsyscall kprobe.multi kretprobe.multi kprobe.session',
    'uprobe uretprobe uprobe.multi uretprobe.multi uprobe.session usdt',
    'uprobe.s uretprobe.s uprobe.multi.s uretprobe.multi.s uprobe.session.s usdt.s',
    'tp tracepoint raw_tp raw_tp.w raw_tracepoint raw_tracepoint.w tp_btf',
    'fentry fentry.s fexit fexit.s fmod_ret fmod_ret.s lsm lsm.s iter iter.s',
  ].flatMap((words) => words.split(' ')),
);

/** What attaching a program of another kind needs to be told, by the section's first word. */
const NEEDS: ReadonlyMap<string, string> = new Map([
  ['tc', 'an interface and a direction (tchook)'],
  ['tcx', 'an interface'],
  ['classifier', 'an interface and a direction (tchook)'],
  ['action', 'an interface and a direction (tchook)'],
  ['netkit', 'an interface'],
  ['xdp', 'an interface (ifindex)'],
  ['perf_event', 'an event to sample'],
  ['sockops', 'a cgroup'],
  ['cgroup', 'a cgroup'],
  ['cgroup_skb', 'a cgroup'],
  ['lsm_cgroup', 'a cgroup'],
  ['sk_lookup', 'a network namespace'],
  ['flow_dissector', 'a network namespace'],
  ['netfilter', 'a hook'],
  ['sk_skb', 'a socket map'],
  ['sk_msg', 'a socket map'],
  ['socket', 'a socket'],
  ['freplace', 'a program to replace'],
  ['struct_ops', 'its map'],
]);

/**
 * Finds the programs that are to be attached, in the package's order. Those that libbpf doesn't load unless it is
 * told to (sections that begin with `?`) are left alone, as the skeletons of bpftool do.
 *
 * @throws PACKAGE_INVALID for one that the object doesn't have, FEATURE_UNSUPPORTED for one that libbpf can't
 * attach by its section alone
 */
export function planAttach(
  programs: readonly ProgramMeta[],
  object: BpfObject,
  file: ObjectFile,
): readonly BpfProgram[] {
  const optional = programDefinitions(file).filter(({ section }) => section.startsWith('?'));
  const unloaded = new Set(optional.map(({ name }) => name));
  const found = programs.map((meta) => ({ meta, program: findProgram(meta, object) }));
  const linked = found
    .filter(({ meta }) => meta.link && !unloaded.has(meta.name))
    .map(({ program }) => program);
  linked.forEach(refuseUnattachable);
  return linked;
}

function findProgram({ name }: ProgramMeta, object: BpfObject): BpfProgram {
  const program = object.program(name);
  if (program) return program;
  throw new EcliError(
    'PACKAGE_INVALID',
    `program ${printable(name)}: the package names it, its object doesn't have it`,
    { hint: 'the package and its object do not belong together: build the package again' },
  );
}

function refuseUnattachable({ name, section }: BpfProgram): void {
  const [, kind = '', target = ''] = /^([^/]*)\/?(.*)$/s.exec(section) ?? [];
  if (SELF_DESCRIBING.has(kind) && target !== '') return;
  const need = SELF_DESCRIBING.has(kind) ? 'a target' : NEEDS.get(kind.replace(/\..*$/s, ''));
  throw new EcliError(
    'FEATURE_UNSUPPORTED',
    `program ${printable(name)} (section ${printable(section)}): attaching it needs ${need ?? 'to be told how'}, ` +
      'which is not supported yet',
    { hint: 'this version attaches what the section says in full, such as tp/sched/sched_process_exec' },
  );
}
