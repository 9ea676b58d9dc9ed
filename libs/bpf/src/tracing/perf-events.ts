import { EcliError } from '@ecli/core';
import { readdirSync, readFileSync } from 'node:fs';
import { bindings } from '../bindings.ts';
import { onlineCpus } from '../cpus.ts';
import { Errno, errnoName } from '../errno.ts';
import { describe, featureMissing, outOfResources } from '../failures.ts';
import { probeFeature } from '../features.ts';
import type { Link } from '../link.ts';
import { permissionDenied } from '../privileges.ts';
import type { BpfProgram } from '../program.ts';
import type { PerfEvent } from './perf-event-names.ts';

/** How often a program runs: so many times a second, or at each so many-th event. */
export type Sampling = { readonly frequency: number } | { readonly period: number };

export interface PerfEventOptions {
  readonly event: PerfEvent;
  readonly sampling: Sampling;
  /** One process's threads and those they start, instead of all CPUs. */
  readonly pid?: number | undefined;
  /** Used where this machine doesn't count `event`, as a virtual machine often doesn't. */
  readonly fallback?: PerfEvent;
}

export interface PerfEventLink extends Link {
  /** What is counted: `event` or its fallback. */
  readonly event: PerfEvent;
  /** How many counters run: one a CPU, or one a thread. */
  readonly counters: number;
}

/** errno values of perf_event_open(2) where the machine has no such counter. */
const NOT_COUNTED: readonly number[] = [Errno.ENOENT, Errno.ENODEV, Errno.EOPNOTSUPP];

/**
 * Runs a program at samples of an event, on every CPU that is online, or in one process.
 *
 * @throws ATTACH_FAILED, PERMISSION_DENIED, FEATURE_UNSUPPORTED; nothing stays attached then
 */
export function attachPerfEvent(program: BpfProgram, options: PerfEventOptions): PerfEventLink {
  const { event, fallback, sampling, pid } = options;
  const places = pid === undefined ? onlineCpus().map((cpu) => ({ pid: -1, cpu })) : threadsOf(pid);
  const probe = places[0] && open(event, sampling, places[0]);
  if (probe !== undefined && probe < 0 && fallback && NOT_COUNTED.includes(-probe)) {
    return attachPerfEvent(program, { event: fallback, sampling, pid });
  }
  if (probe !== undefined && probe >= 0) bindings().libc.close(probe);
  return { event, ...attachEach(program, options, places) };
}

interface Place {
  readonly pid: number;
  readonly cpu: number;
}

function attachEach(
  program: BpfProgram,
  { event, sampling }: PerfEventOptions,
  places: readonly Place[],
): Omit<PerfEventLink, 'event'> {
  const links: Link[] = [];
  const destroy = (): void => links.splice(0).forEach((link) => link.destroy());
  try {
    for (const place of places) {
      const link = attachOne(program, event, sampling, place);
      if (link) links.push(link);
    }
  } catch (error) {
    destroy();
    throw error;
  }
  return { counters: links.length, destroy };
}

/** Undefined for a CPU that went offline, or a thread that ended, since they were listed. */
function attachOne(
  program: BpfProgram,
  event: PerfEvent,
  sampling: Sampling,
  place: Place,
): Link | undefined {
  const { libbpf, libc } = bindings();
  const descriptor = open(event, sampling, place);
  if (descriptor === -Errno.ESRCH || (descriptor === -Errno.ENODEV && !onlineCpus().includes(place.cpu))) {
    return undefined;
  }
  if (descriptor < 0) throw openError(program, event, sampling, descriptor);
  try {
    // The link owns the descriptor from here on.
    return program.attachBy(
      (pointer) => libbpf.bpf_program__attach_perf_event(pointer, descriptor),
      `perf_event/${event.name}`,
    );
  } catch (error) {
    libc.close(descriptor);
    throw error;
  }
}

/** `PERF_ATTR_SIZE_VER0`, linux/perf_event.h: all that is used here. */
const ATTRIBUTES_BYTES = 64;
const INHERIT = 1 << 1;
const FREQ = 1 << 10;
const PERF_FLAG_FD_CLOEXEC = 8;

/**
 * perf_event_open(2) with a `struct perf_event_attr`:
 *
 *     0  __u32 type      4  __u32 size      8  __u64 config      16  __u64 sample_period or sample_freq
 *    24  sample_type    32  read_format    40  bits: 1 inherit, 10 freq
 */
function open({ type, config }: PerfEvent, sampling: Sampling, { pid, cpu }: Place): number {
  const attributes = Buffer.alloc(ATTRIBUTES_BYTES);
  const byFrequency = 'frequency' in sampling;
  attributes.writeUInt32LE(type, 0);
  attributes.writeUInt32LE(ATTRIBUTES_BYTES, 4);
  attributes.writeBigUInt64LE(BigInt(config), 8);
  attributes.writeBigUInt64LE(BigInt(byFrequency ? sampling.frequency : sampling.period), 16);
  attributes.writeUInt32LE((byFrequency ? FREQ : 0) | (cpu < 0 ? INHERIT : 0), 40);
  return bindings().perfEventOpen(attributes, pid, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

function openError(program: BpfProgram, event: PerfEvent, sampling: Sampling, result: number): EcliError {
  const subject = describe({ name: program.name, section: `perf_event/${event.name}` });
  if (NOT_COUNTED.includes(-result)) {
    return new EcliError('FEATURE_UNSUPPORTED', `${subject}: this machine doesn't count ${event.name}`, {
      hint: 'virtual machines often have no hardware counters; cpu-clock and task-clock are there always',
    });
  }
  if (-result === Errno.EACCES || -result === Errno.EPERM) {
    return permissionDenied('attaching', program.name, [program.section], '');
  }
  if (probeFeature('perf_event') === 'no') return featureMissing(subject, 'perf_event', { details: '' });
  const exhausted = outOfResources(subject, result, '');
  if (exhausted) return exhausted;
  const most = mostFrequent();
  if ('frequency' in sampling && most !== undefined && sampling.frequency > most) {
    return new EcliError(
      'ATTACH_FAILED',
      `${subject}: ${sampling.frequency} samples a second are too many here`,
      { hint: `the kernel allows ${most}: sysctl kernel.perf_event_max_sample_rate` },
    );
  }
  return new EcliError('ATTACH_FAILED', `${subject}: can't be sampled: ${errnoName(result)}`);
}

function mostFrequent(): number | undefined {
  try {
    return Number(readFileSync('/proc/sys/kernel/perf_event_max_sample_rate', 'utf8'));
  } catch {
    return undefined;
  }
}

/** @throws ATTACH_FAILED where there's no such process */
function threadsOf(pid: number): Place[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((thread) => ({ pid: Number(thread), cpu: -1 }));
  } catch (cause) {
    throw new EcliError('ATTACH_FAILED', `process ${pid}: isn't running`, { cause });
  }
}
