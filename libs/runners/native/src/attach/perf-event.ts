import {
  attachPerfEvent,
  type BpfProgram,
  type PerfEventLink,
  perfEventNamed,
  type PerfEventOptions,
  type Sampling,
} from '@ecli/bpf';
import { ArgumentError } from '@ecli/core';
import type { Attachment, AttachRequest, PlanContext, Planner } from './attachment.ts';
import { parseId, placeNeeded } from './place.ts';

/**
 * Programs that sample an event. What `--attach PROG=` takes for them:
 *
 *     EVENT           cycles, instructions, cpu-clock, page-faults … as perf-list(1) names them, so many times a
 *                     second (`--frequency`)
 *     EVENT:PERIOD    at each so many-th event
 *     PID, PID:EVENT, PID:EVENT:PERIOD    the threads of one process instead of all CPUs
 *
 * Without one, CPU cycles are sampled, or the CPU clock on a machine that doesn't count cycles.
 */
export const PERF_EVENT_PLANNERS: Readonly<Record<string, Planner>> = { perf_event: planPerfEvent };

/** Samples a second. Not a round number, so that they don't fall in step with what runs by a clock. */
const FREQUENCY = 99;

function planPerfEvent(request: AttachRequest, { spec }: PlanContext): Attachment {
  const { event, period, pid } = sampled(request);
  const frequency = frequencyOf(spec.frequency);
  const sampling: Sampling = period === undefined ? { frequency } : { period };
  const options: PerfEventOptions =
    event === undefined
      ? { event: perfEventNamed('cycles'), fallback: perfEventNamed('cpu-clock'), sampling, pid }
      : { event: perfEventNamed(event), sampling, pid };
  return new PerfEventAttachment(request.program, options);
}

interface Sampled {
  readonly event?: string | undefined;
  readonly period?: number | undefined;
  readonly pid?: number | undefined;
}

function sampled(request: AttachRequest): Sampled {
  if (request.asked === undefined) return {};
  const [match, process, event, every] =
    /^(?=.)(?:(\d+)(?::(?=.)|$))?(?:([a-z][a-z-]*)(?::(\d+))?)?$/.exec(request.asked) ?? [];
  const pid = process === undefined ? undefined : parseId(process);
  const period = every === undefined ? undefined : Number(every);
  const isProcess = process === undefined || pid !== undefined;
  const isPeriod = period === undefined || (period > 0 && Number.isSafeInteger(period));
  if (match === undefined || !isProcess || !isPeriod) throw placeNeeded(request, '[PID:]EVENT[:PERIOD]');
  return { event, period, pid };
}

function frequencyOf(frequency = FREQUENCY): number {
  if (Number.isSafeInteger(frequency) && frequency > 0) return frequency;
  throw new ArgumentError(`--frequency ${frequency}: is no number of samples a second from 1 on`, []);
}

class PerfEventAttachment implements Attachment {
  private link: PerfEventLink | undefined;

  constructor(
    readonly program: BpfProgram,
    private readonly options: PerfEventOptions,
  ) {}

  /** What is sampled is known for sure only when it is attached. */
  get where(): string {
    const { sampling, pid, event } = this.options;
    const rate =
      'frequency' in sampling ? `${sampling.frequency} times a second` : `every ${sampling.period}`;
    const place = pid === undefined ? 'each CPU' : `process ${pid}`;
    return `${(this.link ?? { event }).event.name}, ${rate}, on ${place}`;
  }

  attach(): PerfEventLink {
    this.link = attachPerfEvent(this.program, this.options);
    return this.link;
  }
}
