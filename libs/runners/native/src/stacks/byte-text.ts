import type { SampleMemory } from '@ecli/btf';
import { printable } from '@ecli/core';

/** Copies `bytes` to `out` and returns the position after them. */
export function putBytes(out: Uint8Array, position: number, bytes: Uint8Array): number {
  out.set(bytes, position);
  return position + bytes.length;
}

/** Writes plain ASCII. */
export function putAscii(out: Uint8Array, position: number, text: string): number {
  for (let index = 0; index < text.length; index++) out[position + index] = text.charCodeAt(index);
  return position + text.length;
}

/** A char array up to its first NUL, printable. */
export function readText({ u8 }: SampleMemory, start: number, size: number): string {
  const end = u8.subarray(start, start + size).indexOf(0);
  const bytes = Buffer.from(u8.buffer, u8.byteOffset + start, end < 0 ? size : end);
  return printable(bytes.toString('utf8'));
}
