import type { RowRenderer, SampleMemory, TextRowRenderer } from '@ecli/btf';
import { localTime } from './clock.ts';

/** Turns samples into rows of one output format. */
export interface Rows {
  /** The line above the first row, without its end. */
  readonly header?: string;
  /** Bytes of a sample that `write` reads. */
  readonly sampleSize: number;
  /** The most bytes one `write` writes. */
  readonly maxBytes: number;
  /** Tells when the rows that follow are written: milliseconds since the epoch. */
  setTime(ms: number): void;
  /** As RowRenderer's `render`. */
  write(memory: SampleMemory, offset: number, out: Uint8Array, position: number): number;
}

/** Rows of JSON, which carry no time of their own. */
export class JsonRows implements Rows {
  readonly sampleSize: number;
  readonly maxBytes: number;
  readonly write: Rows['write'];

  constructor(renderer: RowRenderer) {
    this.sampleSize = renderer.sampleSize;
    this.maxBytes = renderer.maxBytes;
    this.write = renderer.render.bind(renderer);
  }

  setTime(): void {}
}

/** `HH:MM:SS` and a space. */
const TIME_BYTES = 9;
const SPACE = 0x20;

/** Rows of text: the time, to the second, and what the renderer writes. */
export class TextRows implements Rows {
  readonly header: string;
  readonly sampleSize: number;
  readonly maxBytes: number;
  /** The first and the last four characters of the time, as little-endian words. */
  private timeStart = 0;
  private timeEnd = 0;
  private second = Number.NaN;
  private output: Uint8Array = new Uint8Array(0);
  private outputView: DataView = new DataView(this.output.buffer);

  constructor(private readonly renderer: TextRowRenderer) {
    this.header = renderer.header;
    this.sampleSize = renderer.sampleSize;
    this.maxBytes = renderer.maxBytes + TIME_BYTES;
    // Reads /etc/localtime now; a program that watches files would show it among its first events.
    this.setTime(Date.now());
  }

  setTime(ms: number): void {
    const second = Math.floor(ms / 1000);
    if (second === this.second) return;
    this.second = second;
    const time = Buffer.from(localTime(ms));
    this.timeStart = time.readInt32LE(0);
    this.timeEnd = time.readInt32LE(4);
  }

  write(memory: SampleMemory, offset: number, out: Uint8Array, position: number): number {
    // Three stores instead of nine make a row 10 % faster; a call of TypedArray.prototype.set would be slowest.
    const view = out === this.output ? this.outputView : this.viewOf(out);
    view.setInt32(position, this.timeStart, true);
    view.setInt32(position + 4, this.timeEnd, true);
    view.setUint8(position + 8, SPACE);
    return this.renderer.render(memory, offset, out, position + TIME_BYTES);
  }

  private viewOf(out: Uint8Array): DataView {
    this.output = out;
    this.outputView = new DataView(out.buffer, out.byteOffset, out.byteLength);
    return this.outputView;
  }
}
