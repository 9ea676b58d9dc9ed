import type { RowRenderer, SampleMemory } from '@ecli/btf';
import type { Rows } from './rows.ts';

/** What a renderer makes, and nothing else. */
export class PlainRows implements Rows {
  readonly sampleSize: number;
  readonly maxBytes: number;
  readonly write: Rows['write'];

  constructor(
    renderer: RowRenderer,
    readonly header?: string,
  ) {
    this.sampleSize = renderer.sampleSize;
    this.maxBytes = renderer.maxBytes;
    this.write = renderer.render.bind(renderer);
  }

  setTime(_us: number): void {}
}

/** Bytes of the length before a sample. */
const LENGTH_BYTES = 4;

/** Samples as the kernel gave them, each after its length as 32 little-endian bits. */
export class RawRows implements Rows {
  readonly sampleSize = 0;
  readonly maxBytes = LENGTH_BYTES;
  readonly copiesSample = true;

  setTime(): void {}

  write({ u8 }: SampleMemory, offset: number, out: Uint8Array, position: number, length: number): number {
    for (let byte = 0; byte < LENGTH_BYTES; byte++) out[position + byte] = length >>> (8 * byte);
    const start = position + LENGTH_BYTES;
    out.set(u8.subarray(offset, offset + length), start);
    return start + length;
  }
}
