import type { CachedFile } from './url-cache.ts';

/** What a URL led to last. */
export type CacheEntry = Omit<CachedFile, 'content'>;

/** Headers are the largest part, and node takes 16 KiB of them. */
export const ENTRY_LIMIT_BYTES = 64 * 1024;

export function spellEntry(entry: CacheEntry): Uint8Array {
  return Buffer.from(`${JSON.stringify({ version: 1, ...entry })}\n`);
}

/** Undefined for what isn't a whole entry. */
export function parseEntry(bytes: Uint8Array): CacheEntry | undefined {
  const entry = parseObject(bytes);
  if (entry?.['version'] !== 1) return undefined;
  const { digest, isPrivate, traits } = entry;
  if (typeof digest !== 'string' || !/^sha256:[0-9a-f]{64}$/.test(digest)) return undefined;
  if (typeof isPrivate !== 'boolean' || !isRecord(traits)) return undefined;
  const { name, contentType, etag, lastModified } = traits;
  if (typeof name !== 'string' || typeof contentType !== 'string') return undefined;
  if (!isOptionalHeader(etag) || !isOptionalHeader(lastModified)) return undefined;
  return {
    digest,
    isPrivate,
    traits: {
      name,
      contentType,
      ...(etag !== undefined && { etag }),
      ...(lastModified !== undefined && { lastModified }),
    },
  };
}

/** Parses a JSON object; undefined for anything else. */
export function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether it can be sent back to the server. */
export function isHeader(value: unknown): value is string {
  return typeof value === 'string' && /^[\t\x20-\x7e\x80-\xff]+$/.test(value);
}

function isOptionalHeader(value: unknown): value is string | undefined {
  return value === undefined || isHeader(value);
}
