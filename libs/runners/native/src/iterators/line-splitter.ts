const LINE_END = 0x0a;
/** A line without an end must not fill the memory: longer ones come in pieces. */
const LONGEST_LINE_BYTES = 1 << 20;

/** Takes a text apart into lines, in whatever pieces it comes. Lines are bytes: not all text is UTF-8. */
export class LineSplitter {
  private readonly unfinished: Uint8Array[] = [];
  private unfinishedBytes = 0;

  constructor(private readonly longestBytes = LONGEST_LINE_BYTES) {}

  /** The lines that end in `bytes`, without their ends; they are lent until `bytes` are written over. */
  add(bytes: Uint8Array): Buffer[] {
    const lines: Buffer[] = [];
    let begin = 0;
    for (let end = bytes.indexOf(LINE_END); end >= 0; end = bytes.indexOf(LINE_END, begin)) {
      lines.push(this.finish(bytes.subarray(begin, end)));
      begin = end + 1;
    }
    this.keep(bytes.slice(begin));
    return this.unfinishedBytes < this.longestBytes ? lines : [...lines, ...this.rest()];
  }

  /** The line that has begun and that nothing ended. */
  rest(): Buffer[] {
    return this.unfinishedBytes > 0 ? [this.finish(new Uint8Array(0))] : [];
  }

  private keep(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    this.unfinished.push(bytes);
    this.unfinishedBytes += bytes.byteLength;
  }

  private finish(last: Uint8Array): Buffer {
    const begun = this.unfinished.splice(0);
    this.unfinishedBytes = 0;
    return begun.length > 0
      ? Buffer.concat([...begun, last])
      : Buffer.from(last.buffer, last.byteOffset, last.byteLength);
  }
}
