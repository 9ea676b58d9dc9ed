const REPLACEMENT = 0xfffd;

/**
 * Decodes the character at `at`, which must be below `end`: its code point, and above those 21 bits the number
 * of bytes it takes. What isn't UTF-8 is U+FFFD for each maximal subpart, as the WHATWG Encoding Standard has it
 * (section "UTF-8 decoder"), so that the result equals TextDecoder's.
 */
export function decodeUtf8(view: DataView, at: number, end: number): number {
  const first = view.getUint8(at);
  if (first < 0x80) return pack(first, 1);
  const needed = first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0;
  if (needed === 0) return pack(REPLACEMENT, 1);
  let codePoint = first & (0x3f >> needed);
  for (let index = 1; index <= needed; index++) {
    const byte = at + index < end ? view.getUint8(at + index) : 0;
    if (!continues(byte, first, index)) return pack(REPLACEMENT, index);
    codePoint = (codePoint << 6) | (byte & 0x3f);
  }
  return pack(codePoint, needed + 1);
}

/** Whether `byte` may stand at `index` after `first`: second bytes rule out overlong forms and surrogates. */
function continues(byte: number, first: number, index: number): boolean {
  if (index > 1) return byte >= 0x80 && byte <= 0xbf;
  const lowest = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const highest = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  return byte >= lowest && byte <= highest;
}

/** One small integer instead of an object for each character. */
function pack(codePoint: number, length: number): number {
  return (length << 21) | codePoint;
}

export function codePointOf(decoded: number): number {
  return decoded & 0x1f_ffff;
}

export function lengthOf(decoded: number): number {
  return decoded >> 21;
}

/** Writes a code point that is no surrogate, and returns the position after it. */
export function encodeUtf8(out: DataView, position: number, codePoint: number): number {
  if (codePoint < 0x80) {
    out.setUint8(position, codePoint);
    return position + 1;
  }
  const following = codePoint < 0x800 ? 1 : codePoint < 0x1_0000 ? 2 : 3;
  const marker = (0xff00 >> (following + 1)) & 0xff;
  out.setUint8(position, marker | (codePoint >> (6 * following)));
  for (let left = following - 1; left >= 0; left--) {
    out.setUint8(position + following - left, 0x80 | ((codePoint >> (6 * left)) & 0x3f));
  }
  return position + following + 1;
}
