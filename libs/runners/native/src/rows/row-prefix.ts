import type { TimeNotation } from './timestamps.ts';

/** Stores of four bytes may reach so far past the prefix's end. */
const OVERSHOOT_BYTES = 3;

/**
 * What stands before each row and changes with the time alone. It is kept as words: storing those makes a row
 * 10 % faster than storing bytes, and a call of TypedArray.prototype.set would be slowest.
 */
export class RowPrefix {
  private words: Int32Array = new Int32Array(0);
  private bytes = 0;
  private slot = Number.NaN;
  private output: Uint8Array = new Uint8Array(0);
  private outputView: DataView = new DataView(this.output.buffer);

  /** `spell` makes the prefix of a time's text, which is empty without a notation. */
  constructor(
    private readonly notation: TimeNotation | undefined,
    private readonly spell: (time: string) => string,
  ) {
    // Reads /etc/localtime now; a program that watches files would show it among its first events.
    this.setTime(Date.now() * 1000);
  }

  /** The most bytes that one `write` may touch. */
  get maxBytes(): number {
    // A relative time grows by a digit now and then.
    return this.bytes + OVERSHOOT_BYTES + 8;
  }

  /** Microseconds since the epoch. */
  setTime(us: number): void {
    const slot = this.notation === undefined ? 0 : Math.floor(us / this.notation.holdsUs);
    if (slot === this.slot) return;
    this.slot = slot;
    const text = Buffer.from(this.spell(this.notation?.text(us) ?? ''));
    const padded = Buffer.concat([text, Buffer.alloc(OVERSHOOT_BYTES)]);
    this.bytes = text.length;
    this.words = Int32Array.from({ length: Math.ceil(text.length / 4) }, (_, word) =>
      padded.readInt32LE(word * 4),
    );
  }

  /** Writes the prefix and returns the position after it. */
  write(out: Uint8Array, position: number): number {
    const view = out === this.output ? this.outputView : this.viewOf(out);
    const { words } = this;
    for (let index = 0; index < words.length; index++) {
      // The loop's bound is the array's.
      view.setInt32(position + 4 * index, words[index] as number, true);
    }
    return position + this.bytes;
  }

  private viewOf(out: Uint8Array): DataView {
    this.output = out;
    this.outputView = new DataView(out.buffer, out.byteOffset, out.byteLength);
    return this.outputView;
  }
}
