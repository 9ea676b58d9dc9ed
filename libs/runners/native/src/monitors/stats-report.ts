import type { ProgramInfo } from '@ecli/bpf';
import { printable, type ProgramCounts } from '@ecli/core';

/** A program of the object, as it ended. */
export interface ProgramStats extends Pick<ProgramInfo, 'runCount' | 'runTimeNs' | 'misses'> {
  readonly name: string;
  readonly section: string;
}

export interface Stats {
  readonly seconds: number;
  readonly counts: ProgramCounts;
  /** False where events may have been lost that nobody counts. */
  readonly knowsLoss: boolean;
  /** Undefined where the kernel didn't count. */
  readonly programs: readonly ProgramStats[] | undefined;
}

/** The lines that `--stats` says at the end: what was shown and what wasn't, and what the programs took. */
export function statsReport({ seconds, counts, knowsLoss, programs }: Stats): string[] {
  const { events, bytes, lost, dropped, filtered } = counts;
  const rate = seconds > 0 ? events / seconds : 0;
  const loss = knowsLoss ? String(lost) : '?';
  const lines = aligned([
    ['EVENTS', 'EVENTS/S', 'BYTES', 'LOST', 'DROPPED', 'FILTERED', 'SECONDS'],
    [
      String(events),
      rate.toFixed(1),
      String(bytes),
      loss,
      String(dropped),
      String(filtered),
      seconds.toFixed(3),
    ],
  ]);
  if (!knowsLoss) lines.push(UNKNOWN_LOSS);
  return [...lines, ...(programs ? programLines(programs, seconds) : [NOT_COUNTED])];
}

const UNKNOWN_LOSS =
  'LOST is not known: a ring buffer does not count what has no room in it, a program can, in a global variable ' +
  'lost_events';
const NOT_COUNTED =
  'run times are not known: the kernel does not count them (Linux 5.8 and newer do), or not for us';

function programLines(programs: readonly ProgramStats[], seconds: number): string[] {
  const rows = programs.map(({ name, section, runCount, runTimeNs, misses }) => [
    printable(name),
    printable(section),
    String(runCount),
    (runTimeNs / 1e6).toFixed(3),
    runCount > 0 ? (runTimeNs / runCount).toFixed(0) : '-',
    `${seconds > 0 ? (runTimeNs / 1e7 / seconds).toFixed(3) : '0.000'}%`,
    String(misses),
  ]);
  return aligned([['PROGRAM', 'SECTION', 'RUNS', 'MS', 'NS/RUN', 'CPU', 'MISSES'], ...rows], 2);
}

/** Pads the cells of each column to its widest; all but the first `texts` columns are numbers and end alike. */
function aligned(rows: readonly (readonly string[])[], texts = 0): string[] {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < texts ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  '),
  );
}
