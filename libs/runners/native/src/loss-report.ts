const BETWEEN_REPORTS_MS = 1000;

/** Says in words how many events the kernel dropped, at most once a second, and all of them at the end. */
export class LossReport {
  private reported = 0;
  private lines = 0;
  private nextMs = 0;

  /** Returns the line to show now, if any; `lost` is the count since the start. */
  update(lost: number, nowMs: number): string | undefined {
    if (lost === this.reported || nowMs < this.nextMs) return undefined;
    const line = `${counted(lost - this.reported)} lost: the kernel's buffer was full`;
    this.nextMs = nowMs + BETWEEN_REPORTS_MS;
    this.reported = lost;
    this.lines++;
    return line;
  }

  /** Returns the last lines: what wasn't told yet, and the total where it isn't the one line that was. */
  finish(lost: number): readonly string[] {
    if (lost === 0) return [];
    const rest = this.update(lost, Infinity);
    const total = `${counted(lost)} lost in all`;
    return [...(rest === undefined ? [] : [rest]), ...(this.lines > 1 ? [total] : [])];
  }
}

function counted(events: number): string {
  return events === 1 ? '1 event' : `${events} events`;
}
