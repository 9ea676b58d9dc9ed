import { readFileSync } from 'node:fs';
import { EcliError, printable } from '@ecli/core';

/** Reads a source or a header. @throws ARTIFACT_NOT_FOUND, ARTIFACT_UNREADABLE */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      throw new EcliError('ARTIFACT_NOT_FOUND', `${printable(path)}: no such file`, { cause });
    }
    throw new EcliError('ARTIFACT_UNREADABLE', `${printable(path)}: cannot be read (${code})`, { cause });
  }
}
