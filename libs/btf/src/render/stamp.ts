/** The longest time there is: a date, a time with nanoseconds and an offset take 35. */
export const LONGEST_STAMP = 48;

/** What needs no escape, neither in JSON nor in CSV. */
const TIME = new RegExp(`^[\\w:.+ -]{0,${LONGEST_STAMP}}$`);

/** The time that rows begin with until another is set. */
export class Stamp {
  /** ASCII, eight characters each, so that none is a NaN. */
  private readonly words = new DataView(new ArrayBuffer(LONGEST_STAMP));
  private length = 0;

  set(text: string): void {
    if (!TIME.test(text)) throw new RangeError(`not a time: ${JSON.stringify(text)}`);
    this.length = text.length;
    for (let index = 0; index < text.length; index++) this.words.setUint8(index, text.charCodeAt(index));
  }

  /** Up to seven bytes past the text are overwritten. */
  write(out: DataView, position: number): number {
    const { words, length } = this;
    for (let at = 0; at < length; at += 8) out.setFloat64(position + at, words.getFloat64(at));
    return position + length;
  }
}
