import { LITTLE_ENDIAN } from '../byte-order.ts';

/**
 * Integers as decimal digits, without BigInt and without allocation: values come as signed 32-bit parts, low
 * part first, which V8 passes in registers (a larger number would be boxed for each call).
 *
 * A store of four digits may reach up to three bytes past the number; what follows overwrites them.
 */

/** `0` to `9999`, each with its leading zeros. Joined by natively written code, they take a third of a start's 1.5 ms. */
function allFourDigits(): string {
  const two = Array.from({ length: 100 }, (_, value) => String(value).padStart(2, '0'));
  return two.map((high) => high + two.join(high)).join('');
}

/**
 * The four digits of 0–9999 as little-endian words. The numbers it is asked for are in range by arithmetic, so
 * no look-up has a fallback, nor a function of its own: V8 inlines only so much, and these are the hottest lines.
 */
const FOUR_DIGITS = littleEndianWords(new TextEncoder().encode(allFourDigits()));

/** The same without leading zeros: a zero byte at the end for each. */
export const UP_TO_FOUR_DIGITS = FOUR_DIGITS.slice();
for (let value = 0; value < 1_000; value++) {
  const digits = FOUR_DIGITS[value] as number;
  UP_TO_FOUR_DIGITS[value] = digits >>> (value < 10 ? 24 : value < 100 ? 16 : 8);
}

function littleEndianWords({ buffer }: Uint8Array): Int32Array {
  if (!LITTLE_ENDIAN) Buffer.from(buffer).swap32();
  return new Int32Array(buffer);
}

const MINUS = 0x2d;

/** Writes `value`, whose 32 bits count as unsigned. At most 10 bytes. */
export function writeU32(out: DataView, position: number, value: number): number {
  const number = value >>> 0;
  if (number < 10_000) return writeUpToFour(out, position, number);
  const high = (number / 10_000) >>> 0;
  const low = number - high * 10_000;
  if (high < 10_000) return writeFour(out, writeUpToFour(out, position, high), low);
  const top = (high / 10_000) >>> 0;
  const afterTop = writeUpToFour(out, position, top);
  return writeFour(out, writeFour(out, afterTop, high - top * 10_000), low);
}

/** At most 11 bytes. */
export function writeI32(out: DataView, position: number, value: number): number {
  if (value >= 0) return writeU32(out, position, value);
  out.setUint8(position, MINUS);
  return writeU32(out, position + 1, -value | 0);
}

/** At most 20 bytes. */
export function writeU64(out: DataView, position: number, low: number, high: number): number {
  if (high === 0) return writeU32(out, position, low);
  const upper = high >>> 0;
  const lower = low >>> 0;
  if (upper < 0x20_0000) {
    // Below 2^53 a double holds the value, and its quotient by 10^8 never rounds up to the next integer.
    const number = upper * 0x1_0000_0000 + lower;
    const quotient = Math.floor(number / 1e8);
    return writeEight(out, writeU32(out, position, quotient | 0), (number - quotient * 1e8) | 0);
  }
  // Long division in base 2^16: each remainder × 2^16 stays below 2^53.
  const first = Math.floor(upper / 1e8);
  const middle = (upper - first * 1e8) * 0x1_0000 + (lower >>> 16);
  const second = Math.floor(middle / 1e8);
  const last = (middle - second * 1e8) * 0x1_0000 + (lower & 0xffff);
  const third = Math.floor(last / 1e8);
  const quotient = first * 0x1_0000_0000 + second * 0x1_0000 + third;
  const afterQuotient = writeUpTo12Digits(out, position, quotient);
  return writeEight(out, afterQuotient, (last - third * 1e8) | 0);
}

/** At most 20 bytes. */
export function writeI64(out: DataView, position: number, low: number, high: number): number {
  if (high >= 0) return writeU64(out, position, low, high);
  out.setUint8(position, MINUS);
  return writeU64(out, position + 1, -low | 0, low === 0 ? -high | 0 : ~high);
}

/** 32 bits each, low first; and groups of eight decimal digits, low first. Reused: a thread writes one at a time. */
const limbs = new Uint32Array(4);
const groups = new Int32Array(5);

/** At most 39 bytes. */
export function writeU128(
  out: DataView,
  position: number,
  part0: number,
  part1: number,
  part2: number,
  part3: number,
): number {
  limbs[0] = part0;
  limbs[1] = part1;
  limbs[2] = part2;
  limbs[3] = part3;
  let top = 0;
  for (let index = 0; index < groups.length; index++) {
    const group = divideLimbs();
    groups[index] = group;
    if (group !== 0) top = index;
  }
  position = writeU32(out, position, groups[top] ?? 0);
  while (top-- > 0) position = writeEight(out, position, groups[top] ?? 0);
  return position;
}

/** At most 40 bytes. */
export function writeI128(
  out: DataView,
  position: number,
  part0: number,
  part1: number,
  part2: number,
  part3: number,
): number {
  if (part3 >= 0) return writeU128(out, position, part0, part1, part2, part3);
  out.setUint8(position, MINUS);
  const carry1 = part0 === 0 ? 1 : 0;
  const carry2 = carry1 === 1 && part1 === 0 ? 1 : 0;
  const carry3 = carry2 === 1 && part2 === 0 ? 1 : 0;
  return writeU128(out, position + 1, -part0 | 0, ~part1 + carry1, ~part2 + carry2, ~part3 + carry3);
}

/** Divides the limbs by 10^8 in place, sixteen bits at a time, and returns the remainder. */
function divideLimbs(): number {
  let remainder = 0;
  for (let index = limbs.length - 1; index >= 0; index--) {
    const limb = limbs[index] ?? 0;
    const upper = remainder * 0x1_0000 + (limb >>> 16);
    const upperQuotient = Math.floor(upper / 1e8);
    const lower = (upper - upperQuotient * 1e8) * 0x1_0000 + (limb & 0xffff);
    const lowerQuotient = Math.floor(lower / 1e8);
    limbs[index] = upperQuotient * 0x1_0000 + lowerQuotient;
    remainder = lower - lowerQuotient * 1e8;
  }
  return remainder;
}

/** Takes a double below 10^12. */
function writeUpTo12Digits(out: DataView, position: number, value: number): number {
  if (value < 1e8) return writeU32(out, position, value | 0);
  const top = Math.floor(value / 1e8);
  return writeEight(out, writeU32(out, position, top | 0), (value - top * 1e8) | 0);
}

/** The zero bytes at the top of the word tell how many digits it has, without a branch to mispredict. */
function writeUpToFour(out: DataView, position: number, value: number): number {
  const digits = UP_TO_FOUR_DIGITS[value] as number;
  out.setInt32(position, digits, true);
  return position + 4 - (Math.clz32(digits) >> 3);
}

function writeFour(out: DataView, position: number, value: number): number {
  out.setInt32(position, FOUR_DIGITS[value] as number, true);
  return position + 4;
}

function writeEight(out: DataView, position: number, value: number): number {
  const high = (value / 10_000) | 0;
  out.setInt32(position, FOUR_DIGITS[high] as number, true);
  out.setInt32(position + 4, FOUR_DIGITS[value - high * 10_000] as number, true);
  return position + 8;
}
