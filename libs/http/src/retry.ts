import type { IncomingHttpHeaders } from 'node:http';

/** A server that wants a longer pause than this is not waited for. */
export const LONGEST_PAUSE_MS = 60_000;

const FIRST_PAUSE_MS = 500;

/** Answers that may be other ones in a moment. */
const PASSING_STATUS: readonly number[] = [408, 429, 500, 502, 503, 504];

/** Failures of a connection that may not befall the next one. */
const PASSING_ERRORS: readonly string[] = ['ECONNRESET', 'EPIPE', 'ETIMEDOUT'];

export function isPassingStatus(status: number): boolean {
  return PASSING_STATUS.includes(status);
}

export function isPassingError(error: unknown): boolean {
  return hasCode(error, PASSING_ERRORS);
}

/** Whether Node failed with one of `codes`, be it worded already. */
export function hasCode(error: unknown, codes: readonly string[]): boolean {
  const { code, cause } = error as NodeJS.ErrnoException;
  return codes.includes(code ?? '') || (cause !== undefined && hasCode(cause, codes));
}

/**
 * The pause before attempt number `attempt` (the first repetition is 1): doubles each time, and is half chance, so
 * that many clients don't come back at once.
 */
export function backoffMs(attempt: number, random: () => number = Math.random): number {
  const whole = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
  return Math.round(whole / 2 + (whole / 2) * random());
}

/**
 * How long `Retry-After` asks to wait, from seconds or from a date (RFC 9110, 10.2.3), counted from `now`; undefined
 * where there is none that can be read.
 */
export function retryAfterMs(headers: IncomingHttpHeaders, now: number = Date.now()): number | undefined {
  const value = headers['retry-after']?.trim();
  if (value === undefined || value === '') return undefined;
  if (/^\d+$/.test(value)) return Number(value) * 1000;
  if (!/^[A-Za-z]{3,9},? /.test(value)) return undefined;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Waits by a timer. Rejects with the signal's reason when that is aborted. */
export function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const end = (): void => {
      signal?.removeEventListener('abort', abort);
      resolve();
    };
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
