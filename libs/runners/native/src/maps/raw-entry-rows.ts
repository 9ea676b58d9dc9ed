import type { MapEntries } from '@ecli/bpf';
import type { SampleMemory } from '@ecli/btf';
import type { Rows } from '../rows/rows.ts';

/** Bytes of the length before an entry. */
const LENGTH_BYTES = 4;

/** Entries as the kernel gave them: key and value without space between, after their length as 32 little-endian bits. */
export class RawEntryRows implements Rows {
  readonly sampleSize: number;
  readonly maxBytes: number;
  private readonly length: number;
  private readonly keySize: number;
  private readonly valueOffset: number;

  constructor({ keySize, valueOffset, entryBytes, stride }: MapEntries) {
    this.sampleSize = stride;
    this.keySize = keySize;
    this.valueOffset = valueOffset;
    this.length = entryBytes;
    this.maxBytes = LENGTH_BYTES + this.length;
  }

  setTime(): void {}

  write({ u8 }: SampleMemory, offset: number, out: Uint8Array, position: number): number {
    for (let byte = 0; byte < LENGTH_BYTES; byte++) out[position + byte] = this.length >>> (8 * byte);
    const start = position + LENGTH_BYTES;
    out.set(u8.subarray(offset, offset + this.keySize), start);
    const value = offset + this.valueOffset;
    out.set(u8.subarray(value, value + this.length - this.keySize), start + this.keySize);
    return start + this.length;
  }
}
