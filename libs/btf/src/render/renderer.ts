/** Typed views over one piece of memory that holds samples. Renderers read through `view`, at any offset. */
export interface SampleMemory {
  readonly u8: Uint8Array;
  readonly i32: Int32Array;
  readonly view: DataView;
}

/** Makes the views over all of `bytes`, which must start at an offset divisible by 4 of its buffer. */
export function sampleMemory(bytes: Uint8Array): SampleMemory {
  const { buffer, byteOffset, byteLength } = bytes;
  return {
    u8: new Uint8Array(buffer, byteOffset, byteLength),
    i32: new Int32Array(buffer, byteOffset, Math.floor(byteLength / 4)),
    view: new DataView(buffer, byteOffset, byteLength),
  };
}

/** One export type's compiled way from a sample to bytes of output. */
export interface RowRenderer {
  /** Bytes of a sample that `render` reads; a shorter one must be padded with zeros first. */
  readonly sampleSize: number;
  /** The most bytes one `render` writes. */
  readonly maxBytes: number;
  /**
   * Writes the sample at `offset` of `memory` to `out` from `position` on, valid UTF-8 ended by `\n`,
   * and returns the position after it. `out` must have `maxBytes` free, of which those past the row may be
   * overwritten. Allocates nothing but for floating-point members, which go through a string.
   */
  render(memory: SampleMemory, offset: number, out: Uint8Array, position: number): number;
}

/** A row of text. What `render` writes begins with a space; the caller writes before it when the row was made. */
export interface TextRowRenderer extends RowRenderer {
  /** The headers of the columns, without a line end. */
  readonly header: string;
}

/** What rows say beyond their sample. */
export interface RowOptions {
  /** The name of the map that it came from, where rows of several come together. */
  readonly map?: string | undefined;
  /** Whether they say when they were written. Default: false. */
  readonly timestamp?: boolean | undefined;
}

/** Rows that carry their time themselves, where `RowOptions.timestamp` asks for it. */
export interface StampedRowRenderer extends RowRenderer {
  /** Sets the time, as it is to be written, of the rows that follow: letters, digits, spaces and `:.+-_`. */
  setTimestamp(text: string): void;
}
