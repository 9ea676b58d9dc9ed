import { type BpfMap, type BpfObject, TracePipe } from '@ecli/bpf';
import type { ObjectFile } from '@ecli/btf';
import type { LoadSpec } from '@ecli/core';
import type { ExportPlan } from '@ecli/packages';
import type { LogStream } from '../log-stream.ts';
import { LossMonitor } from './loss-monitor.ts';
import { findLossVariable } from './loss-variable.ts';
import type { Monitor } from './monitor.ts';
import { StatsMonitor } from './stats-monitor.ts';
import { TraceMonitor } from './trace-monitor.ts';

export interface MonitoredProgram {
  readonly spec: LoadSpec;
  readonly file: ObjectFile;
  /** Loaded. */
  readonly object: BpfObject;
  readonly plans: readonly ExportPlan<BpfMap>[];
  readonly stream: LogStream;
}

/**
 * Makes what watches a program, in the order in which it ends: its trace (`trace`), the losses that it counts
 * itself, and last what it came to (`stats`).
 *
 * @throws what TracePipe.open throws
 */
export function openMonitors({ spec, file, object, plans, stream }: MonitoredProgram): readonly Monitor[] {
  const hasRing = plans.some(({ kind }) => kind === 'ring');
  // Perf buffers count themselves; a program that counts as well would have each loss told twice.
  const variable = hasRing ? findLossVariable(file) : undefined;
  const map = variable && object.map(variable.section.name);
  const monitors: Monitor[] = [];
  if (variable && map) monitors.push(new LossMonitor({ variable, map, stream }));
  if (spec.stats) {
    const knowsLoss = !hasRing || map !== undefined;
    monitors.push(new StatsMonitor({ programs: object.programs, knowsLoss, stream }));
  }
  if (!spec.trace) return monitors;
  const { backpressure } = spec;
  return [new TraceMonitor({ pipe: TracePipe.open(), stream, backpressure }), ...monitors];
}
