import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';

/** Bytes that are read piece by piece: a file that may be far larger than what is wanted of it, or memory. */
export interface ByteSource {
  readonly size: number;
  /** Reads all of `length` bytes. @throws RangeError when they aren't all there */
  read(offset: number, length: number): Buffer;
}

/** Bytes that are there already. */
export class MemorySource implements ByteSource {
  constructor(private readonly bytes: Buffer) {}

  get size(): number {
    return this.bytes.length;
  }

  read(offset: number, length: number): Buffer {
    checkRange(this, offset, length);
    return this.bytes.subarray(offset, offset + length);
  }
}

/** A regular file that is open. */
export class FileSource implements ByteSource {
  private constructor(
    private readonly descriptor: number,
    readonly stats: Stats,
  ) {}

  /**
   * Opens a regular file, and nothing else: a path that another process chose may name a pipe, whose opening
   * waits, or a device, whose opening does things. Undefined where it can't be opened.
   */
  static open(path: string): FileSource | undefined {
    try {
      if (!statSync(path).isFile()) return undefined;
      const descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
      const file = new FileSource(descriptor, fstatSync(descriptor));
      if (file.stats.isFile()) return file;
      file.close();
    } catch {
      // Files come and go with their processes: one that can't be opened is one that isn't there.
    }
    return undefined;
  }

  get size(): number {
    return this.stats.size;
  }

  read(offset: number, length: number): Buffer {
    checkRange(this, offset, length);
    const bytes = Buffer.allocUnsafe(length);
    for (let filled = 0; filled < length;) {
      const count = readSync(this.descriptor, bytes, filled, length - filled, offset + filled);
      if (count === 0) throw new RangeError(`the file ends at ${offset + filled}`);
      filled += count;
    }
    return bytes;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

function checkRange(source: ByteSource, offset: number, length: number): void {
  if (offset >= 0 && length >= 0 && offset + length <= source.size) return;
  throw new RangeError(`${length} bytes at ${offset} of ${source.size}`);
}
