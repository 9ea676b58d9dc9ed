/** Copies `bytes` to `position` and returns the position after them. */
export function writeBytes(out: DataView, position: number, bytes: Uint8Array): number {
  for (let index = 0; index < bytes.length; index++) out.setUint8(position + index, bytes[index] ?? 0);
  return position + bytes.length;
}

/** Writes at least one space, and more until `target`. */
export function writeSpaces(out: DataView, position: number, target: number): number {
  do out.setUint8(position++, 0x20);
  while (position < target);
  return position;
}

/** `true` and `false` as little-endian words; at most 5 bytes. */
export function writeBool(out: DataView, position: number, value: number): number {
  if (value !== 0) {
    out.setInt32(position, 0x65757274, true);
    return position + 4;
  }
  out.setInt32(position, 0x736c6166, true);
  out.setUint8(position + 4, 0x65);
  return position + 5;
}
