import type { TransferProgress } from '@ecli/core';

/** Rates are of the last two seconds: steady enough to read, and soon right after a change. */
const RATE_MS = 2000;
/** `{}`: the config that most programs have, of which nobody wants to hear. */
const EMPTY_CONFIG_BYTES = 2;
/** What is over by then needs no bar, which would only flicker, and no line. */
export const SHORT_MS = 300;

interface Reading {
  readonly timeMs: number;
  readonly bytes: number;
}

/** One download or upload, from its first report on. */
export class Transfer {
  endMs: number | undefined;
  private readings: readonly Reading[];

  constructor(
    public latest: TransferProgress,
    readonly startMs: number,
  ) {
    // What is there already, of a download that is resumed, is no part of the rate.
    this.readings = [{ timeMs: startMs, bytes: latest.bytes }];
  }

  get durationMs(): number {
    return (this.endMs ?? this.startMs) - this.startMs;
  }

  /** Bytes a second, of now and lately: it is to be asked every now and then. */
  rate(nowMs: number): number {
    const readings = [...this.readings, { timeMs: nowMs, bytes: this.latest.bytes }];
    this.readings = readings.slice(readings.findIndex(({ timeMs }) => timeMs >= nowMs - RATE_MS));
    const [first] = this.readings;
    if (!first || nowMs <= first.timeMs) return 0;
    // Fewer than before are those of a transfer that has begun again.
    return (Math.max(0, this.latest.bytes - first.bytes) / (nowMs - first.timeMs)) * 1000;
  }
}

/** How all transfers of one command are going. */
export class Transfers {
  private readonly known = new Map<string, Transfer>();
  private readonly ended: Transfer[] = [];

  /** Takes a report; after the end of a transfer it is of another one, of the same content to another place. */
  take(progress: TransferProgress, nowMs: number): void {
    const known = this.known.get(progress.id);
    const transfer = known && known.endMs === undefined ? known : new Transfer(progress, nowMs);
    this.known.set(progress.id, transfer);
    transfer.latest = progress;
    if (progress.state === 'running') return;
    transfer.endMs = nowMs;
    this.ended.push(transfer);
  }

  get all(): readonly Transfer[] {
    return [...this.known.values()];
  }

  get running(): readonly Transfer[] {
    return this.all.filter(({ endMs }) => endMs === undefined);
  }

  /** Those that have ended since this was last asked, but for those that were done at once. */
  takeEnded(): readonly Transfer[] {
    return this.ended.splice(0).filter(({ latest: { state, totalBytes }, durationMs }) => {
      if (state === 'exists' || state === 'mounted') return totalBytes !== EMPTY_CONFIG_BYTES;
      return state !== 'done' || durationMs >= SHORT_MS;
    });
  }
}
