import type { FileHandle } from 'node:fs/promises';

/** Small writes would have the network wait for the disk as often. */
const BLOCK_BYTES = 1024 * 1024;

/** Writes a file in large blocks, each while the next one is gathered. */
export class WriteBehind {
  private gathered: Uint8Array;
  private spare: Uint8Array | undefined;
  private filled = 0;
  private writing: Promise<void> = Promise.resolve();

  /** A file that is known to be small needs no larger block. */
  constructor(
    private readonly file: FileHandle,
    sizeBytes = BLOCK_BYTES,
  ) {
    this.gathered = Buffer.allocUnsafeSlow(Math.max(1, Math.min(sizeBytes, BLOCK_BYTES)));
  }

  /** Takes a piece, which is the caller's again at once; resolves when there is room for more. */
  async append(piece: Uint8Array): Promise<void> {
    for (let taken = 0; taken < piece.length;) {
      const part = piece.subarray(taken, taken + this.gathered.length - this.filled);
      this.gathered.set(part, this.filled);
      this.filled += part.length;
      taken += part.length;
      if (this.filled === this.gathered.length) await this.write();
    }
  }

  /** Resolves when all that was appended is written. */
  async flush(): Promise<void> {
    await this.write();
    await this.writing;
  }

  private async write(): Promise<void> {
    await this.writing;
    const block = this.gathered;
    this.writing = writeAll(this.file, block.subarray(0, this.filled));
    // Thrown by whoever waits for it, at the next block or the end.
    this.writing.catch(() => undefined);
    this.gathered = this.spare ?? Buffer.allocUnsafeSlow(block.length);
    this.spare = block;
    this.filled = 0;
  }
}

async function writeAll(file: FileHandle, block: Uint8Array): Promise<void> {
  for (let written = 0; written < block.length;) {
    written += (await file.write(block, written)).bytesWritten;
  }
}
