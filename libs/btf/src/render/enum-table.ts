import { writeBytes } from './byte-writer.ts';
import { writeI64, writeU64 } from './decimal.ts';
import type { EnumShape } from './layout.ts';

/** Enums whose values span no more than this are looked up by value, others by binary search. */
const WIDEST_DIRECT = 4_096;

/** An enum's values and the bytes that each is shown as. */
export class EnumTable {
  /** The most bytes that `write` writes. */
  readonly maxBytes: number;
  private readonly signed: boolean;
  /** Sorted by value, as signed parts. */
  private readonly highs: Int32Array;
  private readonly lows: Int32Array;
  private readonly texts: readonly Uint8Array[];
  private readonly unknownBefore: Uint8Array;
  private readonly unknownAfter: Uint8Array;
  /** Index into `texts` by low part less `lowest`, -1 where there is none; empty when searched. */
  private readonly direct: Int32Array;
  private readonly lowest: number;

  /** `spell` makes `NAME(value)` what the output wants; digits must pass it unchanged. */
  constructor(shape: EnumShape, spell: (text: string) => string) {
    const byValue = new Map<bigint, string>();
    for (const { name, value } of shape.values) if (!byValue.has(value)) byValue.set(value, name);
    const values = [...byValue.keys()].sort((one, other) => (one < other ? -1 : 1));
    this.signed = shape.signed;
    this.highs = Int32Array.from(values, (value) => Number(BigInt.asIntN(32, value >> 32n)));
    this.lows = Int32Array.from(values, (value) => Number(BigInt.asIntN(32, value)));
    this.texts = values.map((value) => Buffer.from(spell(`${byValue.get(value)}(${value})`)));
    const [before = '', after = ''] = spell('<UNKNOWN_VARIANT>(0)').split('0');
    this.unknownBefore = Buffer.from(before);
    this.unknownAfter = Buffer.from(after);
    this.lowest = this.lows[0] ?? 0;
    this.direct = directIndex(values);
    const unknown = this.unknownBefore.length + 20 + this.unknownAfter.length;
    this.maxBytes = this.texts.reduce((most, { length }) => Math.max(most, length), unknown);
  }

  /** Writes the value in parts `low` and `high`, sign- or zero-extended. */
  write(out: DataView, position: number, low: number, high: number): number {
    const index = this.indexOf(low, high);
    const text = index < 0 ? undefined : this.texts[index];
    return text ? writeBytes(out, position, text) : this.writeUnknown(out, position, low, high);
  }

  private writeUnknown(out: DataView, position: number, low: number, high: number): number {
    position = writeBytes(out, position, this.unknownBefore);
    position = this.signed ? writeI64(out, position, low, high) : writeU64(out, position, low, high);
    return writeBytes(out, position, this.unknownAfter);
  }

  private indexOf(low: number, high: number): number {
    if (this.direct.length === 0) return this.search(low, high);
    const slot = low - this.lowest;
    if (slot < 0 || slot >= this.direct.length) return -1;
    const index = this.direct[slot] ?? -1;
    return index >= 0 && this.highs[index] === high ? index : -1;
  }

  private search(low: number, high: number): number {
    let first = 0;
    let last = this.lows.length - 1;
    while (first <= last) {
      const middle = (first + last) >> 1;
      const order = this.compare(middle, low, high);
      if (order === 0) return middle;
      if (order < 0) first = middle + 1;
      else last = middle - 1;
    }
    return -1;
  }

  private compare(index: number, low: number, high: number): number {
    const ownHigh = this.highs[index] ?? 0;
    if (ownHigh !== high) return this.signed ? ownHigh - high : (ownHigh >>> 0) - (high >>> 0);
    return ((this.lows[index] ?? 0) >>> 0) - (low >>> 0);
  }
}

/** `values` are sorted. */
function directIndex(values: readonly bigint[]): Int32Array {
  const lowest = values[0];
  const highest = values.at(-1);
  if (lowest === undefined || highest === undefined) return new Int32Array(0);
  if (highest - lowest >= WIDEST_DIRECT || !isInt32(lowest) || !isInt32(highest)) return new Int32Array(0);
  const direct = new Int32Array(Number(highest - lowest) + 1).fill(-1);
  values.forEach((value, index) => (direct[Number(value - lowest)] = index));
  return direct;
}

function isInt32(value: bigint): boolean {
  return BigInt.asIntN(32, value) === value;
}
