import { type BpfMap, type BpfObject, TracePipe } from '@ecli/bpf';
import type { ObjectFile } from '@ecli/btf';
import type { LoadSpec } from '@ecli/core';
import type { ExportPlan } from '@ecli/packages';
import type { LogStream } from '../log-stream.ts';
import { LinkMonitor } from './link-monitor.ts';
import { LossMonitor } from './loss-monitor.ts';
import { findLossVariable } from './loss-variable.ts';
import type { Monitor } from './monitor.ts';
import { StatsMonitor } from './stats-monitor.ts';
import { TraceMonitor } from './trace-monitor.ts';

export interface MonitoredProgram {
  readonly spec: LoadSpec;
  readonly file: ObjectFile;
  /** Loaded. */
  readonly object: Pick<BpfObject, 'programs' | 'map'>;
  readonly plans: readonly ExportPlan<BpfMap>[];
  readonly stream: LogStream;
}

/**
 * Makes what watches a program, in the order in which it ends: its trace (`trace`), its links, the losses that
 * it counts itself, and last what it came to (`stats`).
 *
 * @throws what TracePipe.open throws, and OUTPUT_FAILED when the program's variables can't be read; nothing is open then
 */
export function openMonitors(program: MonitoredProgram): readonly Monitor[] {
  const monitors: Monitor[] = [];
  try {
    for (const monitor of eachMonitor(program)) monitors.push(monitor);
    return monitors;
  } catch (error) {
    for (const monitor of monitors) monitor.close();
    throw error;
  }
}

function* eachMonitor({ spec, file, object, plans, stream }: MonitoredProgram): Generator<Monitor, void> {
  const { trace, stats, backpressure } = spec;
  if (trace) yield new TraceMonitor({ pipe: TracePipe.open(), stream, backpressure });
  yield new LinkMonitor(stream);
  const hasRing = plans.some(({ kind }) => kind === 'ring');
  // Perf buffers count themselves; a program that counts as well would have each loss told twice.
  const variable = hasRing ? findLossVariable(file) : undefined;
  const map = variable && object.map(variable.section.name);
  if (variable && map) yield new LossMonitor({ variable, map, stream });
  if (!stats) return;
  const knowsLoss = !hasRing || map !== undefined;
  yield new StatsMonitor({ programs: object.programs, knowsLoss, stream });
}
