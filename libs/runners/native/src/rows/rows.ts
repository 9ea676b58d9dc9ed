import type { SampleMemory } from '@ecli/btf';

/** Turns samples into rows of one output format. */
export interface Rows {
  /** The line above the first row, without its end; it changes where columns widen to their data. */
  readonly header?: string;
  /** Changes whenever `header` does. */
  readonly headerVersion?: number;
  /** Bytes of a sample that `write` reads; a shorter one must be padded with zeros first. */
  readonly sampleSize: number;
  /** The most bytes one `write` writes, less those of a sample that is copied as it is. */
  readonly maxBytes: number;
  /** A row may be several lines, or none. */
  readonly multiline?: true;
  /** Samples of any length are shown whole: `write` then copies as many bytes as it is told. */
  readonly copiesSample?: true;
  /** Tells when the rows that follow are written: microseconds since the epoch. */
  setTime(us: number): void;
  /** As RowRenderer's `render`; `length` is the sample's. */
  write(memory: SampleMemory, offset: number, out: Uint8Array, position: number, length: number): number;
  /** Adds lines that only the end of the program lets be written, such as sums over all of it. */
  finish?(): string;
}
