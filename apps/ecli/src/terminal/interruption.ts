import { constants } from 'node:os';
import { isStartedByNohup } from './nohup.ts';

/**
 * Signals that ask a program to end: Ctrl-C, a supervisor, a terminal that goes away. SIGUSR1 ends most programs;
 * node, unless it is listened to, would open a debugger's port to every user of the machine.
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1'] as const;

/** Thrown where work stops because a signal came; not a failure, so nothing is reported. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';

  constructor(readonly signal: NodeJS.Signals) {
    super(`stopped by ${signal}`);
  }

  /** 128 and the signal's number, as a shell reports a process that the signal ended (bash(1), EXIT STATUS). */
  get exitCode(): number {
    return 128 + constants.signals[this.signal];
  }
}

/**
 * The wish to end, as an AbortSignal. The first signal aborts it, and work is brought to an end in order; at the
 * second one `end` is to end the process at once.
 */
export class Interruption {
  private readonly controller = new AbortController();

  constructor(private readonly end: (reason: InterruptedError) => void) {}

  /** Aborted by the first signal, with an InterruptedError as its reason. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The reason, once a signal came. */
  get reason(): InterruptedError | undefined {
    return this.signal.aborted ? (this.signal.reason as InterruptedError) : undefined;
  }

  /** Under nohup, a terminal that goes away is nothing to hear of. */
  listen(): void {
    for (const name of SIGNALS) process.on(name, this.receive);
    if (isStartedByNohup(process.env)) process.off('SIGHUP', this.receive).on('SIGHUP', () => undefined);
  }

  /** Lets signals end the process again, as they do by default. */
  close(): void {
    for (const name of SIGNALS) process.off(name, this.receive);
  }

  private readonly receive = (name: NodeJS.Signals): void => {
    if (this.signal.aborted) this.end(new InterruptedError(name));
    else this.controller.abort(new InterruptedError(name));
  };
}
