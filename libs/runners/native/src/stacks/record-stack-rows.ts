import type { SampleMemory } from '@ecli/btf';
import type { Rows } from '../rows/rows.ts';
import { putBytes } from './byte-text.ts';
import { LONGEST_FRAME_BYTES } from './frame-text.ts';
import type { StackReader } from './stack-reader.ts';

/** How a stack is added to a record, and how the record ends. */
export interface StackNotation {
  /** What the other members' rows end in, which moves behind the stacks. */
  readonly end: string;
  /** Before each stack that is shown. */
  readonly kernel: string | undefined;
  readonly user: string | undefined;
  readonly between: string;
  /** After each stack. */
  readonly after: string;
  /** Frames as tools that fold stacks want them: the outermost first. */
  readonly outermostFirst: boolean;
}

/** Rows of the other members, with the stacks as two members more. */
export class RecordStackRows implements Rows {
  readonly sampleSize: number;
  readonly maxBytes: number;
  private readonly end: Uint8Array;
  private readonly kernel: Uint8Array | undefined;
  private readonly user: Uint8Array | undefined;
  private readonly between: Uint8Array;
  private readonly after: Uint8Array;

  /** `others` writes the members that are no stacks. */
  constructor(
    private readonly others: Rows,
    private readonly reader: StackReader<Uint8Array>,
    private readonly notation: StackNotation,
    readonly header?: string,
  ) {
    const { end, kernel, user, between, after } = notation;
    this.end = Buffer.from(end);
    this.kernel = kernel === undefined ? undefined : Buffer.from(kernel);
    this.user = user === undefined ? undefined : Buffer.from(user);
    this.between = Buffer.from(between);
    this.after = Buffer.from(after);
    this.sampleSize = others.sampleSize;
    this.maxBytes =
      others.maxBytes +
      reader.mostFrames * (LONGEST_FRAME_BYTES + between.length) +
      2 * after.length +
      Buffer.byteLength(`${kernel ?? ''}${user ?? ''}`);
  }

  setTime(us: number): void {
    this.others.setTime(us);
  }

  write(memory: SampleMemory, offset: number, out: Uint8Array, start: number, length: number): number {
    const { reader } = this;
    reader.read(memory, offset);
    let position = this.others.write(memory, offset, out, start, length) - this.end.length;
    position = this.writeStack(this.kernel, reader.kernel, out, position);
    position = this.writeStack(this.user, reader.user, out, position);
    return putBytes(out, position, this.end);
  }

  private writeStack(
    before: Uint8Array | undefined,
    frames: Uint8Array[],
    out: Uint8Array,
    start: number,
  ): number {
    if (!before) return start;
    if (this.notation.outermostFirst) frames.reverse();
    let position = putBytes(out, start, before);
    for (let index = 0; index < frames.length; index++) {
      if (index > 0) position = putBytes(out, position, this.between);
      // The loop's bound is the array's.
      position = putBytes(out, position, frames[index] as Uint8Array);
    }
    return putBytes(out, position, this.after);
  }
}
