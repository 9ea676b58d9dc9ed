import { ArgumentError, nearNames, printable } from '@ecli/core';
import { didYouMean } from '../failures.ts';

/** linux/perf_event.h: enum perf_type_id */
const PERF_TYPE_HARDWARE = 0;
const PERF_TYPE_SOFTWARE = 1;

/** What is counted: `type` and `config` of perf_event_open(2). */
export interface PerfEvent {
  readonly name: string;
  readonly type: number;
  readonly config: number;
}

/** enum perf_hw_id and perf_sw_ids, by the names that perf-list(1) has; those that say the same stand together. */
const HARDWARE = [
  ['cycles', 'cpu-cycles'],
  ['instructions'],
  ['cache-references'],
  ['cache-misses'],
  ['branches', 'branch-instructions'],
  ['branch-misses'],
  ['bus-cycles'],
  ['stalled-cycles-frontend'],
  ['stalled-cycles-backend'],
  ['ref-cycles'],
];
const SOFTWARE = [
  ['cpu-clock'],
  ['task-clock'],
  ['page-faults', 'faults'],
  ['context-switches', 'cs'],
  ['cpu-migrations', 'migrations'],
  ['minor-faults'],
  ['major-faults'],
  ['alignment-faults'],
  ['emulation-faults'],
];

const EVENTS: ReadonlyMap<string, PerfEvent> = new Map(
  [
    ...HARDWARE.flatMap((names, config) => names.map((name) => ({ name, type: PERF_TYPE_HARDWARE, config }))),
    ...SOFTWARE.flatMap((names, config) => names.map((name) => ({ name, type: PERF_TYPE_SOFTWARE, config }))),
  ].map((event) => [event.name, event]),
);

/** Finds an event by its name. @throws ARGUMENT_INVALID with near names */
export function perfEventNamed(name: string): PerfEvent {
  const event = EVENTS.get(name);
  if (event) return event;
  const known = [...EVENTS.keys()];
  const near = nearNames(name, known);
  throw new ArgumentError(`perf event ${printable(name)}: is not known`, known, {
    ...(near.length > 0 ? didYouMean(near) : { hint: `events: ${known.join(', ')}` }),
  });
}
