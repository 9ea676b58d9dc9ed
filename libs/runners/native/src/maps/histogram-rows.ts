import type { SampleMemory } from '@ecli/btf';
import type { Rows } from '../rows/rows.ts';
import type { RowPrefix } from '../rows/row-prefix.ts';
import { drawHistogram, type HistogramStyle } from './histogram.ts';
import type { HistogramReader } from './histogram-entry.ts';

const encoder = new TextEncoder();

/** Entries as histograms, in plain text: what they are of, an empty line, the bars, an empty line. */
export class HistogramRows implements Rows {
  readonly multiline = true;
  readonly maxBytes: number;

  /** `maxBytes` is what one histogram may take. The prefix comes before its first line. */
  constructor(
    private readonly reader: HistogramReader,
    private readonly style: HistogramStyle,
    private readonly prefix: RowPrefix,
    readonly sampleSize: number,
  ) {
    this.maxBytes = prefix.maxBytes + reader.maxBytes(style);
  }

  setTime(us: number): void {
    this.prefix.setTime(us);
  }

  write(memory: SampleMemory, offset: number, out: Uint8Array, position: number): number {
    const { labels, counts } = this.reader.read(memory, offset);
    const lines = [...labels, '', ...drawHistogram(counts, this.style), '', ''];
    const start = this.prefix.write(out, position);
    return start + encoder.encodeInto(lines.join('\n'), out.subarray(start)).written;
  }
}
