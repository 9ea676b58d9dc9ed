import type { SampleMemory } from '@ecli/btf';
import type { Label } from '../rows/label.ts';
import type { RowPrefix } from '../rows/row-prefix.ts';
import type { Rows } from '../rows/rows.ts';
import { putAscii, putBytes, readText } from './byte-text.ts';
import { LONGEST_FRAME_BYTES } from './frame-text.ts';
import type { StackReader } from './stack-reader.ts';

const LINE_END = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
/** `COMM: `, ` (pid=`, `) @ CPU `, two integers, the headings, line ends. */
const FIXED_BYTES = 160;
/** `  I ` before a frame. */
const INDEX_BYTES = 8;
/** Bytes of a byte of a char array once it is spelled out: `\x1b`. */
const BYTES_PER_CHARACTER = 4;

const KERNEL = Buffer.from('Kernel:\n');
const NO_KERNEL = Buffer.from('No Kernel Stack\n');
const USER = Buffer.from('Userspace:\n');
const NO_USER = Buffer.from('No Userspace Stack\n');

/**
 * Stacks as text: whose it is, a line for each other member, a line for each frame of the kernel and of the process,
 * and an empty line.
 */
export class TextStackRows implements Rows {
  readonly multiline = true;
  readonly maxBytes: number;

  /** The frames are those of frameText, with a line end. */
  constructor(
    readonly sampleSize: number,
    private readonly reader: StackReader<Uint8Array>,
    private readonly prefix: RowPrefix,
    private readonly others: readonly Label[],
  ) {
    const { mostFrames, fields } = reader;
    const commBytes = fields.comm.size * BYTES_PER_CHARACTER;
    const frameBytes = mostFrames * (INDEX_BYTES + LONGEST_FRAME_BYTES);
    const otherBytes = others.reduce((sum, { maxBytes }) => sum + maxBytes + 1, 0);
    this.maxBytes = prefix.maxBytes + FIXED_BYTES + commBytes + otherBytes + frameBytes;
  }

  setTime(us: number): void {
    this.prefix.setTime(us);
  }

  write(memory: SampleMemory, offset: number, out: Uint8Array, start: number): number {
    const { reader } = this;
    const { comm } = reader.fields;
    reader.read(memory, offset);
    let position = this.prefix.write(out, start);
    position = putAscii(out, position, 'COMM: ');
    position = putBytes(out, position, Buffer.from(readText(memory, offset + comm.offset, comm.size)));
    position = putAscii(out, position, ` (pid=${reader.pid}) @ CPU ${reader.cpu}\n`);
    for (const other of this.others) {
      position = putBytes(out, position, Buffer.from(`${other.text(memory, offset)}\n`));
    }
    position = putBytes(out, position, reader.kernel.length > 0 ? KERNEL : NO_KERNEL);
    position = this.writeFrames(reader.kernel, out, position);
    position = putBytes(out, position, reader.user.length > 0 ? USER : NO_USER);
    position = this.writeFrames(reader.user, out, position);
    out[position] = LINE_END;
    return position + 1;
  }

  private writeFrames(frames: readonly Uint8Array[], out: Uint8Array, start: number): number {
    let position = start;
    for (let index = 0; index < frames.length; index++) {
      position = putIndex(out, position, index);
      // The loop's bound is the array's.
      position = putBytes(out, position, frames[index] as Uint8Array);
    }
    return position;
  }
}

/** Writes `  I `. */
function putIndex(out: Uint8Array, start: number, index: number): number {
  let position = start;
  out[position++] = SPACE;
  out[position++] = SPACE;
  if (index >= 1000) out[position++] = ZERO + Math.floor(index / 1000);
  if (index >= 100) out[position++] = ZERO + (Math.floor(index / 100) % 10);
  if (index >= 10) out[position++] = ZERO + (Math.floor(index / 10) % 10);
  out[position++] = ZERO + (index % 10);
  out[position++] = SPACE;
  return position;
}
