import { setKernelTarget, setProgramTarget } from '@ecli/bpf';
import type { Attachment, AttachRequest, Planner } from './attachment.ts';
import { parseId, placeNeeded, sectionOf } from './place.ts';

/**
 * Programs that the kernel calls through a trampoline, by the types of the function they are for. What
 * `--attach PROG=` takes for them:
 *
 *     tp_btf                      NAME of a tracepoint
 *     fentry, fexit, fmod_ret     FUNCTION of the kernel; or PROGRAM_ID:FUNCTION of a BPF program in the kernel
 *     lsm                         HOOK: `file_open`
 *     freplace                    PROGRAM_ID:FUNCTION, the function that the program takes the place of; PROGRAM_ID
 *                                 alone where the section names the function
 */
export const TRAMPOLINE_PLANNERS: Readonly<Record<string, Planner>> = {
  tp_btf: (request) => planKernelFunction(request, 'NAME'),
  fentry: planFunction,
  fexit: planFunction,
  fmod_ret: planFunction,
  lsm: (request) => planKernelFunction(request, 'HOOK'),
  freplace: planReplacement,
};

function planKernelFunction(request: AttachRequest, grammar: string): Attachment {
  const { program, target, asked } = request;
  const section = sectionOf(request);
  if (asked === undefined && target === '') throw placeNeeded(request, grammar);
  if (asked !== undefined && !/^\w+$/.test(asked)) throw placeNeeded(request, grammar);
  // What the section names is found by libbpf at load.
  if (asked !== undefined) setKernelTarget(program, asked, section);
  return attachmentOf(request);
}

function planFunction(request: AttachRequest): Attachment {
  const target = programTarget(request);
  if (!target) return planKernelFunction(request, 'FUNCTION');
  setProgramTarget(request.program, target.id, target.name, sectionOf(request));
  return attachmentOf(request);
}

function planReplacement(request: AttachRequest): Attachment {
  const target = programTarget(request);
  if (!target) throw placeNeeded(request, 'PROGRAM_ID:FUNCTION');
  setProgramTarget(request.program, target.id, target.name, sectionOf(request));
  return attachmentOf(request);
}

/** Undefined where the user didn't name a program. */
function programTarget({ asked = '', target }: AttachRequest): { id: number; name: string } | undefined {
  const [, digits = '', name = target] = /^(\d+)(?::(\w+))?$/.exec(asked) ?? [];
  const id = parseId(digits);
  return id === undefined || name === '' ? undefined : { id, name };
}

function attachmentOf(request: AttachRequest): Attachment {
  const section = sectionOf(request);
  return { program: request.program, where: section, attach: () => request.program.attach(section) };
}
