const BETWEEN_REPORTS_MS = 1000;

/** Says in words how many events didn't get through, at most once a second, and all of them at the end. */
export class LossReport {
  private reported = 0;
  private lines = 0;
  private nextMs = 0;

  /** What became of them, `lost` or `dropped`, and why. */
  constructor(
    private readonly fate: string,
    private readonly reason: string,
  ) {}

  /** Returns the line to show now, if any; `count` is that since the start. */
  update(count: number, nowMs: number): string | undefined {
    if (count <= this.reported || nowMs < this.nextMs) return undefined;
    const line = `${counted(count - this.reported)} ${this.fate}: ${this.reason}`;
    this.nextMs = nowMs + BETWEEN_REPORTS_MS;
    this.reported = count;
    this.lines++;
    return line;
  }

  /** Returns the last lines: what wasn't told yet, and the total where it isn't the one line that was. */
  finish(count: number): readonly string[] {
    if (count === 0) return [];
    const rest = this.update(count, Infinity);
    const total = `${counted(count)} ${this.fate} in all`;
    return [...(rest === undefined ? [] : [rest]), ...(this.lines > 1 ? [total] : [])];
  }
}

function counted(events: number): string {
  return events === 1 ? '1 event' : `${events} events`;
}
