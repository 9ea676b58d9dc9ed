import { readFileSync, statSync } from 'node:fs';
import { EcliError, printable } from '@ecli/core';

/**
 * Reads a source or a header, which must be a file: reading a FIFO would wait, deaf to every signal.
 *
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_UNREADABLE
 */
export function readText(path: string): string {
  try {
    const stats = statSync(path);
    if (stats.isFile()) return readFileSync(path, 'utf8');
    const kind = stats.isDirectory() ? 'a folder' : 'not a file';
    throw new EcliError('ARTIFACT_UNREADABLE', `${printable(path)}: ${kind}; a source or a header is needed`);
  } catch (cause) {
    if (cause instanceof EcliError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new EcliError('ARTIFACT_NOT_FOUND', `${printable(path)}: no such file`, { cause });
    }
    throw new EcliError('ARTIFACT_UNREADABLE', `${printable(path)}: cannot be read (${code})`, { cause });
  }
}
