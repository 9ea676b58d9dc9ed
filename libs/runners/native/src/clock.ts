/** Microseconds since the epoch, of which JavaScript's own clock knows only the milliseconds. */
export class MicrosecondClock {
  private millisecond = 0;
  private begunAt = 0;

  /** Never less than `Date.now()` says, and never falls within a millisecond. */
  now(): number {
    const wall = Date.now();
    const monotonic = performance.now();
    if (wall !== this.millisecond) {
      this.millisecond = wall;
      this.begunAt = monotonic;
    }
    return wall * 1000 + Math.min(999, Math.floor((monotonic - this.begunAt) * 1000));
  }
}

/** `HH:MM:SS` in the machine's time zone. */
export function localTime(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
