import { LITTLE_ENDIAN } from '../byte-order.ts';

/** Where a value lies, counted from the byte that the variable `at` of the generated code stands for. */
export interface Place {
  readonly at: string;
  readonly bitOffset: number;
  /** Width of a bit-field; 0 for an ordinary value. */
  readonly bitSize: number;
}

/** The expression for the first byte of a value that is no bit-field. */
export function startOf({ at, bitOffset }: Place): string {
  return byteAt(at, bitOffset / 8);
}

/** The expression for a float's value, as a double. */
export function floatValue(place: Place, size: number): string {
  return `view.${size === 4 ? 'getFloat32' : 'getFloat64'}(${startOf(place)}, ${LITTLE_ENDIAN})`;
}

/**
 * Returns expressions for the 32-bit parts, low first, of an integer of `size` bytes: one up to 4 bytes, which it
 * extends by its sign or zeros, two for 8, four for 16. Each yields a signed 32-bit number, as the writers of
 * decimal.ts take them.
 */
export function integerParts(
  place: Place,
  size: number,
  signed: boolean,
  littleEndian = LITTLE_ENDIAN,
): readonly string[] {
  if (place.bitSize !== 0) return bitFieldParts(place, size, signed, littleEndian);
  const offset = place.bitOffset / 8;
  const read = (getter: string, at: number): string =>
    `view.${getter}(${byteAt(place.at, at)}, ${littleEndian})`;
  if (size === 1) return [read(signed ? 'getInt8' : 'getUint8', offset)];
  if (size === 2) return [read(signed ? 'getInt16' : 'getUint16', offset)];
  const count = size / 4;
  return Array.from({ length: count }, (_, part) =>
    read('getInt32', offset + 4 * (littleEndian ? part : count - 1 - part)),
  );
}

function bitFieldParts(place: Place, size: number, signed: boolean, littleEndian: boolean): string[] {
  return Array.from({ length: Math.max(1, size / 4) }, (_, part) => {
    const width = Math.min(32, place.bitSize - 32 * part);
    if (width > 0) return bits(place, part, width, signed, littleEndian);
    return signed ? `(${signBits(place, littleEndian)})` : '0';
  });
}

/** All ones where the bit-field's highest bit is set, else 0. */
function signBits(place: Place, littleEndian: boolean): string {
  const part = Math.ceil(place.bitSize / 32) - 1;
  return `${bits(place, part, place.bitSize - 32 * part, true, littleEndian)} >> 31`;
}

/** The `width` bits of a bit-field from bit 32 × `part` of its value on, put together from single bytes. */
function bits(place: Place, part: number, width: number, signed: boolean, littleEndian: boolean): string {
  const { first, last, shift } = littleEndian
    ? spanFromLowest(place.bitOffset + 32 * part, width)
    : spanFromHighest(place.bitOffset + place.bitSize - 32 * part - width, width);
  const terms: string[] = [];
  for (let byte = first; byte <= last; byte++) {
    const up = 8 * (littleEndian ? byte - first : last - byte) - shift;
    const read = `view.getUint8(${byteAt(place.at, byte)})`;
    terms.push(up >= 0 ? `${read} << ${up}` : `${read} >>> ${-up}`);
  }
  const unused = 32 - width;
  return `((${terms.join(' | ')}) << ${unused} ${signed ? '>>' : '>>>'} ${unused} | 0)`;
}

/** Little-endian compilers count bits from the lowest of the first byte; `shift` bits of it come before. */
function spanFromLowest(bit: number, width: number): { first: number; last: number; shift: number } {
  return { first: bit >> 3, last: (bit + width - 1) >> 3, shift: bit & 7 };
}

/** Big-endian ones count from the highest of the first byte; `shift` bits of the last byte come after. */
function spanFromHighest(bit: number, width: number): { first: number; last: number; shift: number } {
  const end = bit + width - 1;
  return { first: bit >> 3, last: end >> 3, shift: 7 - (end & 7) };
}

function byteAt(at: string, offset: number): string {
  return offset === 0 ? at : `${at} + ${offset}`;
}
