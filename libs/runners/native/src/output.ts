import type { ProgramCounts } from '@ecli/core';

/**
 * One thing that a program shows: a buffer's samples, a sampled map's entries, an iterator's text. It is made
 * after load, runs from attach to detach, and writes to the program's log stream.
 */
export interface Output {
  /** The map's or the program's name. */
  readonly name: string;
  /** The line above the first row, without its end. */
  readonly header?: string | undefined;
  /** What it showed so far. */
  readonly counts: ProgramCounts;
  /** Ends when all that was asked for is shown, or after `stop`, with what the kernel held until then. */
  run(): Promise<void>;
  /** Resolves when what the kernel holds now is shown, or can't be shown now, or by this output never will. */
  catchUp(): Promise<void>;
  /** Takes nothing more from the kernel until `resume` or `stop`. */
  pause(): void;
  resume(): void;
  /** Lets `run` show what there is and end. */
  stop(): void;
  /** Frees what it has of the kernel; not while `run` is pending. */
  close(): void;
}

/** How many events a program may still show, over all its outputs. */
export class EventBudget {
  constructor(private left = Infinity) {}

  /** Never less than none: a picture of a map is shown whole, whatever is left for it. */
  get remaining(): number {
    return Math.max(0, this.left);
  }

  spend(events: number): void {
    this.left -= events;
  }
}
