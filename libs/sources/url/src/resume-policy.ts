import { NetworkError, type NetworkStep } from '@ecli/http';
import type { Received } from './received.ts';

/** How often a download goes on in a row that hardly gets further, and how often it begins anew. */
const MOST_CONTINUATIONS = 8;
const MOST_RESTARTS = 3;

/** A piece of this size is worth another round of patience. */
const WORTHWHILE_BYTES = 1024 * 1024;

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8000;

/** What befalls connections that were good before. */
const PASSING_STEPS: readonly NetworkStep[] = ['transfer', 'timeout', 'connect', 'name resolution'];

/** Decides how long a download is worth another request. */
export class ResumePolicy {
  private continuations = 0;
  private restarts = 0;
  private bytesBefore = 0;

  /** Milliseconds until it goes on, or begins anew; undefined when it has failed. */
  afterFailure(error: unknown, received: Received | undefined): number | undefined {
    if (!(error instanceof NetworkError) || !PASSING_STEPS.includes(error.step)) return undefined;
    if (!received?.isResumable) return ++this.restarts > MOST_RESTARTS ? undefined : pauseMs(this.restarts);
    return this.count(received.bytes) > MOST_CONTINUATIONS ? undefined : pauseMs(this.continuations);
  }

  /** A part of the file is missing still. @throws NETWORK_FAILED when parts come, and bring nothing */
  goOn(bytes: number): void {
    if (this.count(bytes) <= MOST_CONTINUATIONS) return;
    throw new NetworkError('transfer', `no more than ${bytes} bytes of the file come`);
  }

  /** What came does not fit what is here. @throws NETWORK_FAILED when it never does */
  beginAnew(): void {
    if (++this.restarts <= MOST_RESTARTS) return;
    throw new NetworkError('transfer', 'the server sends parts of the file that do not belong together');
  }

  private count(bytes: number): number {
    if (bytes - this.bytesBefore >= WORTHWHILE_BYTES) this.continuations = 0;
    this.bytesBefore = bytes;
    return ++this.continuations;
  }
}

function pauseMs(attempt: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
}
