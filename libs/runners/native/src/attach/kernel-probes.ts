import {
  attachKprobe,
  attachKprobes,
  attachKprobeSession,
  attachRawTracepoint,
  attachSystemCall,
  attachTracepoint,
  parseFunctionOffset,
} from '@ecli/bpf';
import { ArgumentError, printable } from '@ecli/core';
import type { Attachment, AttachRequest, Planner } from './attachment.ts';
import { placeNeeded, sectionOf, targetOf } from './place.ts';

/**
 * Programs at tracepoints and at functions of the kernel. What `--attach PROG=` takes for them:
 *
 *     tp, tracepoint              CATEGORY/NAME or CATEGORY:NAME, as in /sys/kernel/tracing/events
 *     raw_tp, raw_tracepoint      NAME
 *     kprobe                      FUNCTION or FUNCTION+OFFSET, in bytes
 *     kretprobe                   FUNCTION
 *     kprobe.multi, kretprobe.multi, kprobe.session    a pattern of functions: `vfs_*`
 *     ksyscall, kretsyscall       a system call: `openat`
 */
export const KERNEL_PROBE_PLANNERS: Readonly<Record<string, Planner>> = {
  tp: planTracepoint,
  tracepoint: planTracepoint,
  raw_tp: planRawTracepoint,
  raw_tracepoint: planRawTracepoint,
  kprobe: (request) => planKprobe(request, false),
  kretprobe: (request) => planKprobe(request, true),
  'kprobe.multi': (request) => planKprobes(request, false),
  'kretprobe.multi': (request) => planKprobes(request, true),
  'kprobe.session': planKprobeSession,
  ksyscall: (request) => planSystemCall(request, false),
  kretsyscall: (request) => planSystemCall(request, true),
};

function planTracepoint(request: AttachRequest): Attachment {
  const [, category, name] = /^([^/:]+)[/:]([^/:]+)$/.exec(targetOf(request)) ?? [];
  if (category === undefined || name === undefined) throw placeNeeded(request, 'CATEGORY/NAME');
  const { program } = request;
  return {
    program,
    where: `tp/${category}/${name}`,
    attach: () => attachTracepoint(program, category, name),
  };
}

function planRawTracepoint(request: AttachRequest): Attachment {
  const name = targetOf(request);
  if (!/^\w+$/.test(name)) throw placeNeeded(request, 'NAME');
  const { program } = request;
  return { program, where: `raw_tp/${name}`, attach: () => attachRawTracepoint(program, name) };
}

function planKprobe(request: AttachRequest, atReturn: boolean): Attachment {
  const target = parseFunctionOffset(targetOf(request));
  if (target?.function === undefined) throw placeNeeded(request, atReturn ? 'FUNCTION' : 'FUNCTION[+OFFSET]');
  if (atReturn && target.offset !== 0) throw offsetOfReturn(request);
  const { program } = request;
  const section = sectionOf(request);
  const place = { function: target.function, offset: target.offset };
  return { program, where: section, attach: () => attachKprobe(program, place, { atReturn, section }) };
}

/** The error of a return probe that isn't at a function's start. */
export function offsetOfReturn(request: AttachRequest): ArgumentError {
  const { name } = request.program;
  return new ArgumentError(
    `program ${printable(name)} (${printable(sectionOf(request))}): a function returns to no offset of its own`,
    [],
    { hint: `name the function alone: --attach ${printable(name)}=FUNCTION` },
  );
}

function planKprobes(request: AttachRequest, atReturn: boolean): Attachment {
  const pattern = patternOf(request);
  const { program } = request;
  const section = sectionOf(request);
  return { program, where: section, attach: () => attachKprobes(program, pattern, { atReturn, section }) };
}

function patternOf(request: AttachRequest): string {
  const pattern = targetOf(request);
  if (!/^[\w.*?]+$/.test(pattern)) throw placeNeeded(request, 'PATTERN');
  return pattern;
}

function planKprobeSession(request: AttachRequest): Attachment {
  const pattern = patternOf(request);
  const { program } = request;
  const section = sectionOf(request);
  return { program, where: section, attach: () => attachKprobeSession(program, pattern, section) };
}

function planSystemCall(request: AttachRequest, atReturn: boolean): Attachment {
  const name = targetOf(request);
  if (!/^\w+$/.test(name)) throw placeNeeded(request, 'SYSTEM_CALL');
  const { program } = request;
  const section = sectionOf(request);
  return { program, where: section, attach: () => attachSystemCall(program, name, { atReturn, section }) };
}
