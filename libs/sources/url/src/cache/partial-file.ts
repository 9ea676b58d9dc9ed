import { digestOf } from '@ecli/core';
import { ENTRY_LIMIT_BYTES, isHeader, parseObject } from './cache-entry.ts';

/** What came of a download that was cut. */
export interface Partial {
  readonly content: Uint8Array;
  /** By what the server knows whether it has still the same file. */
  readonly validator: string;
  readonly totalBytes: number;
}

/** A line of JSON, and the bytes behind it: both in one file, so that they belong together whoever else writes. */
export function spellPartial({ content, validator, totalBytes }: Partial): Uint8Array[] {
  const head = { version: 1, validator, totalBytes, digest: digestOf(content) };
  return [Buffer.from(`${JSON.stringify(head)}\n`), content];
}

/** Undefined for what isn't whole, or has changed. */
export function parsePartial(bytes: Uint8Array): Partial | undefined {
  const end = bytes.subarray(0, ENTRY_LIMIT_BYTES).indexOf(0x0a);
  const head = end < 0 ? undefined : parseObject(bytes.subarray(0, end));
  if (head?.['version'] !== 1) return undefined;
  const { validator, totalBytes, digest } = head;
  const content = bytes.subarray(end + 1);
  if (!isHeader(validator) || !Number.isSafeInteger(totalBytes)) return undefined;
  const isPart = content.byteLength > 0 && content.byteLength < Number(totalBytes);
  if (!isPart || digestOf(content) !== digest) return undefined;
  return { content, validator, totalBytes: Number(totalBytes) };
}
