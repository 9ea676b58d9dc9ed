import type { SampleMemory } from '@ecli/btf';
import type { Rows } from '../rows/rows.ts';
import { readText } from './byte-text.ts';
import type { StackReader } from './stack-reader.ts';

/** Frames in all stacks that differ, of which each takes 200 bytes or so. */
const MOST_FRAMES = 250_000;
const LARGEST_TEXT = 256 << 20;

interface FoldedFrame {
  /** Stacks that end here. */
  count: number;
  readonly callees: Map<string, FoldedFrame>;
}

/**
 * Counts equal stacks, and writes them when all are counted as flame-graph tools take them:
 * `comm;outermost;…;innermost count` a line, the kernel's frames after the process's.
 */
export class FoldedStackRows implements Rows {
  readonly multiline = true;
  readonly maxBytes = 0;
  private readonly root: FoldedFrame = foldedFrame();
  private frames = 0;
  private hasToldFull = false;

  /** Frames are words without `;`; `say` takes lines for people. */
  constructor(
    readonly sampleSize: number,
    private readonly reader: StackReader<string>,
    private readonly say: (line: string) => void,
    private readonly mostFrames = MOST_FRAMES,
  ) {}

  setTime(): void {}

  write(memory: SampleMemory, offset: number, _out: Uint8Array, position: number): number {
    const { reader } = this;
    const { comm } = reader.fields;
    reader.read(memory, offset);
    const name = readText(memory, offset + comm.offset, comm.size).replaceAll(';', ':');
    const process = this.enter(this.root, name === '' ? '[unknown]' : name);
    this.enterAll(this.enterAll(process, reader.user), reader.kernel).count++;
    return position;
  }

  /** Stacks in the order of their words. */
  finish(): string {
    const lines: string[] = [];
    let size = 0;
    let cut = 0;
    const visit = (frame: FoldedFrame, path: string) => {
      if (frame.count > 0 && size >= LARGEST_TEXT) cut++;
      else if (frame.count > 0) {
        const line = `${path} ${frame.count}\n`;
        lines.push(line);
        size += line.length;
      }
      for (const [word, callee] of inOrder(frame.callees)) visit(callee, `${path};${word}`);
    };
    for (const [word, process] of inOrder(this.root.callees)) visit(process, word);
    if (cut > 0) this.say(`folded stacks take more than ${LARGEST_TEXT >> 20} MiB: ${cut} are left out`);
    return lines.join('');
  }

  /** `innermostFirst` is how the kernel walks a stack. */
  private enterAll(caller: FoldedFrame, innermostFirst: readonly string[]): FoldedFrame {
    let frame = caller;
    for (let index = innermostFirst.length - 1; index >= 0; index--) {
      // The loop's bound is the array's.
      frame = this.enter(frame, innermostFirst[index] as string);
    }
    return frame;
  }

  private enter(caller: FoldedFrame, word: string): FoldedFrame {
    const known = caller.callees.get(word);
    if (known) return known;
    if (this.frames >= this.mostFrames) {
      this.tellFull();
      return caller;
    }
    this.frames++;
    const frame = foldedFrame();
    caller.callees.set(word, frame);
    return frame;
  }

  private tellFull(): void {
    if (this.hasToldFull) return;
    this.hasToldFull = true;
    this.say(
      `stacks differ in more than ${this.mostFrames} frames: new ones are counted for the callers that are known`,
    );
  }
}

function foldedFrame(): FoldedFrame {
  return { count: 0, callees: new Map() };
}

function inOrder(callees: ReadonlyMap<string, FoldedFrame>): [string, FoldedFrame][] {
  return Array.from(callees).sort(([a], [b]) => (a < b ? -1 : 1));
}
