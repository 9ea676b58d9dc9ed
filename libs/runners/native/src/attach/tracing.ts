import { EcliError, printable } from '@ecli/core';
import type { Attachment, AttachRequest, Planner } from './attachment.ts';

/** Kinds whose section says all that libbpf needs, where a target follows its first slash. */
const SELF_DESCRIBING = [
  'kprobe kretprobe ksyscall kretsyscall kprobe.multi kretprobe.multi kprobe.session',
  'uprobe uretprobe uprobe.multi uretprobe.multi uprobe.session usdt',
  'tp tracepoint raw_tp raw_tracepoint tp_btf',
  'fentry fexit fmod_ret lsm iter',
].flatMap((words) => words.split(' '));

const NEEDS = {
  perf_event: 'an event to sample',
  freplace: 'a program to replace',
  struct_ops: 'its map',
} as const;

/** How programs that watch the kernel and processes are attached. */
export const TRACING_PLANNERS: Readonly<Record<string, Planner>> = {
  ...Object.fromEntries(SELF_DESCRIBING.map((kind) => [kind, bySection] as const)),
  ...Object.fromEntries(
    Object.entries(NEEDS).map(([kind, need]) => [kind, (request: AttachRequest) => refuse(request, need)]),
  ),
};

function bySection(request: AttachRequest): Attachment {
  const { program, target } = request;
  if (target === '') return refuse(request, 'a target');
  return { program, where: program.section, attach: () => program.attach() };
}

function refuse({ program: { name, section } }: AttachRequest, need: string): never {
  throw new EcliError(
    'FEATURE_UNSUPPORTED',
    `program ${printable(name)} (section ${printable(section)}): attaching it needs ${need}, ` +
      'which is not supported yet',
    { hint: 'this version attaches what the section says in full, such as tp/sched/sched_process_exec' },
  );
}
