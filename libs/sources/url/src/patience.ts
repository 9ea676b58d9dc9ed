import { NetworkError } from '@ecli/http';

/** Waits for an answer as long as it is worth it. */
export class Patience {
  /** Aborted with the user's signal, or when no answer came in time. */
  readonly signal: AbortSignal;
  private readonly timer: NodeJS.Timeout | undefined;

  constructor(signal: AbortSignal, limitMs: number | undefined) {
    if (limitMs === undefined) {
      this.signal = signal;
      return;
    }
    const late = new AbortController();
    this.signal = AbortSignal.any([signal, late.signal]);
    this.timer = setTimeout(() => {
      late.abort(new NetworkError('timeout', `no answer within ${limitMs / 1000} s`));
    }, limitMs);
  }

  end(): void {
    clearTimeout(this.timer);
  }
}
