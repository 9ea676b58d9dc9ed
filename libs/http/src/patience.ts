import type { Answer, AttemptFailure } from './exchange.ts';
import {
  backoffMs,
  isPassingError,
  isPassingStatus,
  LONGEST_PAUSE_MS,
  pause,
  retryAfterMs,
} from './retry.ts';
import { spellUrl } from './spell-url.ts';
import type { HttpClientOptions, HttpRequest } from './types.ts';

const RETRIES = 4;

/** Methods that change something each time they are sent (RFC 9110, 9.2.2; for PATCH RFC 5789). */
const UNREPEATABLE: readonly string[] = ['POST', 'PATCH'];

/** How often one request may be sent again, and when. */
export class Patience {
  private repetitions = 0;

  constructor(
    private readonly request: HttpRequest,
    private readonly options: HttpClientOptions,
  ) {}

  /** Milliseconds until the request is sent again; undefined when the answer is the last. */
  afterAnswer({ incoming }: Answer): number | undefined {
    const { statusCode = 0, headers } = incoming;
    if (!isPassingStatus(statusCode) || !this.isRepeatable()) return undefined;
    const wanted = retryAfterMs(headers);
    if (wanted === undefined) return this.repeat();
    if (wanted <= LONGEST_PAUSE_MS) return this.repeat() && Math.max(wanted, 1);
    const seconds = Math.round(wanted / 1000);
    this.options.diagnose?.(`${statusCode}: not waiting ${seconds} seconds, as the server wishes`);
    return undefined;
  }

  /** Milliseconds until the request is sent again; undefined when the failure is the last. */
  afterFailure({ cause, undertaking, reusedConnection }: AttemptFailure): number | undefined {
    const isUnsent = undertaking.phase === 'connecting';
    if (!isPassingError(cause) || !(isUnsent || this.isRepeatable())) return undefined;
    // The server closed a connection that it had no use for: nothing is wrong with it, so this isn't counted.
    return reusedConnection ? 0 : this.repeat();
  }

  async wait(milliseconds: number, reason: string): Promise<void> {
    const { url, signal } = this.request;
    if (milliseconds === 0) return signal?.throwIfAborted();
    this.options.diagnose?.(`${spellUrl(url)}: ${reason}; again in ${milliseconds} ms`);
    await (this.options.pause ?? pause)(milliseconds, signal);
  }

  private isRepeatable(): boolean {
    const { repeatable, method = 'GET' } = this.request;
    return repeatable ?? !UNREPEATABLE.includes(method);
  }

  /** Counts a repetition and says when it is due; undefined when there were enough. */
  private repeat(): number | undefined {
    if (this.repetitions >= (this.options.retries ?? RETRIES)) return undefined;
    this.repetitions += 1;
    return backoffMs(this.repetitions);
  }
}
