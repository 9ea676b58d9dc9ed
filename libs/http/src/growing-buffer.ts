/**
 * Bytes in a row that come piece by piece. They are copied, for a server that sends them one at a time would fill the
 * memory with what Node puts around each piece.
 */
export class GrowingBuffer {
  private space: Buffer;
  private filled = 0;

  constructor(expectedBytes: number) {
    this.space = Buffer.allocUnsafeSlow(expectedBytes);
  }

  get size(): number {
    return this.filled;
  }

  add(piece: Uint8Array): void {
    const size = this.filled + piece.byteLength;
    if (size > this.space.byteLength) this.grow(Math.max(size, 2 * this.space.byteLength));
    this.space.set(piece, this.filled);
    this.filled = size;
  }

  /** All that was added so far. */
  bytes(): Uint8Array {
    return this.space.subarray(0, this.filled);
  }

  private grow(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(bytes);
    this.space.copy(larger, 0, 0, this.filled);
    this.space = larger;
  }
}
