import { readFile } from 'node:fs/promises';
import { EcliError, printable, systemReason } from '@ecli/core';

/** Files of keys, policies and trust roots are a few KiB; a device or a log by mistake is not. */
const LIMIT_BYTES = 4 * 1024 * 1024;

/**
 * Reads a file that says who is trusted. One that can't be read is an error, never nothing.
 *
 * @throws SETTINGS_INVALID with `hint`
 */
export async function readSettings(path: string, hint: string): Promise<Buffer> {
  let content: Buffer;
  try {
    content = await readFile(path);
  } catch (cause) {
    const reason = isMissing(cause) ? 'no such file' : `can't be read: ${systemReason(cause)}`;
    throw new EcliError('SETTINGS_INVALID', `${printable(path)}: ${reason}`, { hint, cause });
  }
  if (content.length <= LIMIT_BYTES) return content;
  throw new EcliError('SETTINGS_INVALID', `${printable(path)}: too large`, { hint });
}

/** Tells whether `error` says that there is no file. */
export function isMissing(error: unknown): boolean {
  const cause = (error instanceof EcliError ? error.cause : error) as NodeJS.ErrnoException | undefined;
  return cause?.code === 'ENOENT' || cause?.code === 'ENOTDIR';
}
