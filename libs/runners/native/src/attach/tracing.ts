import type { Planner } from './attachment.ts';
import { ITERATOR_PLANNERS } from './iterators.ts';
import { KERNEL_PROBE_PLANNERS } from './kernel-probes.ts';
import { PERF_EVENT_PLANNERS } from './perf-event.ts';
import { TRAMPOLINE_PLANNERS } from './trampolines.ts';
import { USER_PROBE_PLANNERS } from './user-probes.ts';

/** How programs that watch the kernel and processes are attached, by the first word of their section. */
export const TRACING_PLANNERS: Readonly<Record<string, Planner>> = {
  ...KERNEL_PROBE_PLANNERS,
  ...TRAMPOLINE_PLANNERS,
  ...USER_PROBE_PLANNERS,
  ...PERF_EVENT_PLANNERS,
  ...ITERATOR_PLANNERS,
};
