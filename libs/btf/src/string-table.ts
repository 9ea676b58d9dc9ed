import { objectInvalid } from './object-invalid.ts';

/**
 * Strings may overlap (a linker stores `text` as the end of `.rel.text`), but a sound table is not read many
 * times over by distinct offsets. Without this bound, a small file could ask for gigabytes of names.
 */
const MOST_READINGS = 16;

/** A table of NUL-terminated strings found by offset, as ELF and BTF have it. */
export class StringTable {
  private readonly bytes: Buffer;
  private readonly strings = new Map<number, string>([[0, '']]);
  private budget: number;

  /** Borrows `bytes`; `subject` names the table in errors. */
  constructor(
    bytes: Uint8Array,
    private readonly subject: string,
  ) {
    this.bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.budget = bytes.byteLength * MOST_READINGS;
  }

  get byteLength(): number {
    return this.bytes.length;
  }

  /** Decodes the string at `offset` as UTF-8. @throws OBJECT_INVALID when it isn't inside the table */
  get(offset: number): string {
    const known = this.strings.get(offset);
    if (known !== undefined) return known;
    const end = this.end(offset);
    this.budget -= end - offset;
    if (this.budget < 0) throw objectInvalid(`${this.subject}: too many overlapping strings`);
    const text = this.bytes.toString('utf8', offset, end);
    this.strings.set(offset, text);
    return text;
  }

  /** Tells without decoding whether the string at `offset` is `text`; false outside the table. */
  equals(offset: number, text: Uint8Array): boolean {
    const end = offset + text.length;
    if (this.bytes[end] !== 0 || this.bytes[offset] !== (text[0] ?? 0)) return false;
    return this.bytes.compare(text, 0, text.length, offset, end) === 0;
  }

  private end(offset: number): number {
    const end = offset < this.bytes.length ? this.bytes.indexOf(0, offset) : -1;
    if (end < 0) {
      throw objectInvalid(`${this.subject}: offset ${offset} is outside its ${this.bytes.length} bytes`);
    }
    return end;
  }
}
