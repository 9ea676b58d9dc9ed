/** An event waits for its drain at most this long; well under the 50 ms in which a person sees it at once. */
const LONGEST_REST_MS = 10;
/** Node's timers count whole milliseconds; a shorter rest is none. */
const SHORTEST_REST_MS = 1;
/** A buffer may be this full when it is drained next, at the rate seen of late. */
const FILL_BEFORE_DRAIN = 1 / 4;
/** A rest is also short enough for a small buffer to survive a sudden burst of this many bytes a millisecond. */
const BURST_BYTES_PER_MS = 64 * 1024;
/** The highest rate seen counts half after so many milliseconds. */
const RATE_HALF_LIFE_MS = 100;
/** With fewer samples expected in a rest than this, waiting for the kernel's word costs less than resting. */
const SAMPLES_WORTH_RESTING = 2;

/**
 * Decides when to drain a buffer again that was just found empty. Each wait for the kernel costs 50 to 100 µs
 * of processor time, so a busy buffer is left to fill for some milliseconds and a quiet one is waited for.
 */
export class Pacing {
  private readonly longestRestMs: number;
  private readonly bytesBeforeDrain: number;
  private bytesPerMs = 0;
  private emptyAt: number;

  constructor(capacityBytes: number, nowMs: number) {
    this.bytesBeforeDrain = capacityBytes * FILL_BEFORE_DRAIN;
    this.longestRestMs = clamp(capacityBytes / BURST_BYTES_PER_MS, SHORTEST_REST_MS, LONGEST_REST_MS);
    this.emptyAt = nowMs;
  }

  /**
   * Takes note that the buffer is empty at `nowMs`, after `samples` of `bytes` in all since it last was.
   * Returns the milliseconds to rest before the next drain (0: none), or undefined to wait for the kernel's word.
   */
  rest(nowMs: number, samples: number, bytes: number): number | undefined {
    const elapsedMs = Math.max(nowMs - this.emptyAt, 0.001);
    this.emptyAt = nowMs;
    const faded = this.bytesPerMs * 0.5 ** (elapsedMs / RATE_HALF_LIFE_MS);
    this.bytesPerMs = Math.max(bytes / elapsedMs, faded);
    if (samples === 0) return undefined;
    const restMs = Math.min(this.longestRestMs, this.bytesBeforeDrain / this.bytesPerMs);
    if (restMs < SHORTEST_REST_MS) return 0;
    return (samples / elapsedMs) * restMs < SAMPLES_WORTH_RESTING ? undefined : Math.floor(restMs);
  }
}

function clamp(value: number, lowest: number, highest: number): number {
  return Math.min(Math.max(value, lowest), highest);
}
