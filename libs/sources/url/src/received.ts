import { createHash, type Hash } from 'node:crypto';
import { tooLarge } from './download-failure.ts';

/** Most programs come in one piece that is smaller. */
const FIRST_BYTES = 64 * 1024;

/** What has come of a file so far, its digest computed on the way. */
export class Received {
  private buffer: Uint8Array<ArrayBuffer>;
  private readonly hash: Hash = createHash('sha256');
  private size = 0;

  /**
   * @param totalBytes how many there will be, where that is known
   * @param validator by which the server will know whether what is left is of the same file; without it what is here
   * is of no use once the connection is cut
   * @throws ARTIFACT_TOO_LARGE
   */
  constructor(
    private readonly limitBytes: number,
    readonly totalBytes: number | undefined,
    readonly validator: string | undefined,
  ) {
    if (totalBytes !== undefined && totalBytes > limitBytes) throw tooLarge(limitBytes, totalBytes);
    this.buffer = new Uint8Array(totalBytes ?? FIRST_BYTES);
  }

  get bytes(): number {
    return this.size;
  }

  get content(): Uint8Array {
    return this.buffer.subarray(0, this.size);
  }

  /** Whether what is left can be asked for alone. */
  get isResumable(): boolean {
    return this.validator !== undefined && this.totalBytes !== undefined && this.size > 0;
  }

  get isWhole(): boolean {
    return this.totalBytes === undefined || this.size === this.totalBytes;
  }

  /** @throws ARTIFACT_TOO_LARGE */
  append(chunk: Uint8Array): void {
    const needed = this.size + chunk.byteLength;
    if (needed > this.limitBytes) throw tooLarge(this.limitBytes);
    if (needed > this.buffer.byteLength) this.enlarge(needed);
    this.buffer.set(chunk, this.size);
    this.hash.update(chunk);
    this.size = needed;
  }

  /** The digest of all; nothing may be appended after it. */
  digest(): string {
    return `sha256:${this.hash.digest('hex')}`;
  }

  /** Doubles, so that a file of any length is copied about once in all. */
  private enlarge(needed: number): void {
    const larger = new Uint8Array(Math.max(needed, this.buffer.byteLength * 2));
    larger.set(this.buffer.subarray(0, this.size));
    this.buffer = larger;
  }
}
