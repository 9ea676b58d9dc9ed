import type { VerifierExplanation, VerifierStatistics } from '@ecli/bpf';

/** What this machine's kernel says of an object, as `ecli inspect --check --json` prints it. */
export interface ObjectCheck {
  /** As `uname -r` has it. */
  readonly kernel: string;
  readonly programs: readonly ProgramCheck[];
}

export interface ProgramCheck {
  readonly name: string;
  readonly section: string;
  /** As C spells it: `BPF_PROG_TYPE_TRACEPOINT`. */
  readonly type: string;
  /**
   * `refused` by the verifier; `unsupported` where the kernel lacks something; `failed` for what isn't the program's
   * fault: rights, a map that can't be created.
   */
  readonly verdict: 'ok' | 'refused' | 'unsupported' | 'failed';
  /** Instructions of the program itself. */
  readonly instructions: number;
  /** From opening the object to the kernel's answer, relocation included; the kernel's own is in `verifier`. */
  readonly timeMs: number;
  readonly verifier?: VerifierStatistics;
  readonly failure?: CheckFailure;
}

export interface CheckFailure {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
  readonly explanation?: VerifierExplanation;
  /** All that the verifier said. */
  readonly log?: string;
}
