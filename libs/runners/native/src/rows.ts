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

/** Rows of text: the time, to the second, and what the renderer writes. */
export class TextRows implements Rows {
  readonly header: string;
  readonly sampleSize: number;
  readonly maxBytes: number;
  private readonly time = new Uint8Array(TIME_BYTES);
  private second = Number.NaN;

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
    new TextEncoder().encodeInto(`${localTime(ms)} `, this.time);
  }

  write(memory: SampleMemory, offset: number, out: Uint8Array, position: number): number {
    const { time } = this;
    // A loop over nine bytes is faster than a call of TypedArray.prototype.set.
    for (let index = 0; index < TIME_BYTES; index++) out[position + index] = time[index] as number;
    return this.renderer.render(memory, offset, out, position + TIME_BYTES);
  }
}
