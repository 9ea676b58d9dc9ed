import type { EcliError, ProgramCounts } from '@ecli/core';
import type { Attached } from '../attach/attachment.ts';

/** A program when all of it is attached, as monitors know it. */
export interface AttachedProgram {
  readonly attached: readonly Attached[];
  /** Ends the program with this error, after all that the kernel holds is shown. */
  readonly fail: (error: EcliError) => void;
}

/** What goes on beside a program's outputs from attach to detach, and doesn't keep the program running. */
export interface Monitor {
  /** Events that it knows to be lost and no output counts. */
  readonly lost?: number;
  /** Called when all is attached. */
  begin(program: AttachedProgram): void;
  /**
   * Called when nothing is attached any more and all outputs have ended, with the counts of all, while the kernel's
   * objects are still there; says what there is to say.
   */
  end(counts: ProgramCounts): Promise<void>;
  /** Frees what it has of the kernel, also when it never began. */
  close(): void;
}
