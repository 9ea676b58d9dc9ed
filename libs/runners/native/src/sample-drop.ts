import type { SampleReader } from '@ecli/bpf';
import { LossReport } from './loss-report.ts';

/**
 * Takes samples out of a kernel buffer for nobody: for a user to whom events that come late are worth less than
 * those after them. Neither decodes nor filters what it drops.
 */
export class SampleDrop {
  /** Samples dropped so far. */
  dropped = 0;
  /** Bytes of those that the last `drain` dropped. */
  bytes = 0;
  private readonly report = new LossReport('dropped', 'they came faster than the output was taken');

  /** Drops what is there, at most about one bufferful, and returns how many samples. */
  drain(reader: SampleReader): number {
    this.bytes = 0;
    const samples = reader.drain(this.visit);
    this.dropped += samples;
    return samples;
  }

  /** As LossReport's `update` and `finish`. */
  update(nowMs: number): string | undefined {
    return this.report.update(this.dropped, nowMs);
  }

  finish(): readonly string[] {
    return this.report.finish(this.dropped);
  }

  private readonly visit = (_offset: number, length: number): boolean => {
    this.bytes += length;
    return true;
  };
}
