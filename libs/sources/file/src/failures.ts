import { readlink, stat } from 'node:fs/promises';
import { EcliError, printable } from '@ecli/core';
import { nearPaths } from './near-paths.ts';

/** Says that nothing is at `path`, and what may have been meant. */
export async function notFound(path: string): Promise<EcliError> {
  const target = await readlink(path).catch(() => undefined);
  if (target !== undefined) {
    return new EcliError(
      'ARTIFACT_NOT_FOUND',
      `${printable(path)}: a symbolic link to ${printable(target)}, which isn't there`,
    );
  }
  const near = await nearPaths(path);
  const hint = near.length === 0 ? undefined : `did you mean ${near.map(printable).join(' or ')}?`;
  return new EcliError(
    'ARTIFACT_NOT_FOUND',
    `${printable(path)}: no such file or folder`,
    hint === undefined ? {} : { hint },
  );
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'symbolic links that lead in a circle',
  ENAMETOOLONG: 'the name is too long',
  EIO: 'reading it fails (EIO): the disk or its driver',
  EMFILE: 'too many open files (EMFILE); see ulimit -n',
};

/** Says why `path`, which may be there, can't be read. */
export async function unreadable(path: string, cause: unknown): Promise<EcliError> {
  const { code = 'an unknown error' } = cause as NodeJS.ErrnoException;
  const hint = code === 'EACCES' ? await whoMayRead(path) : undefined;
  const message = `${printable(path)}: ${REASONS[code] ?? `can't be read (${code})`}`;
  return new EcliError('ARTIFACT_UNREADABLE', message, { cause, ...(hint !== undefined && { hint }) });
}

async function whoMayRead(path: string): Promise<string> {
  const uid = process.geteuid?.();
  const stats = await stat(path).catch(() => undefined);
  if (!stats) return `user ${uid} may not enter a folder on the way to it`;
  const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
  return `it belongs to user ${stats.uid} with mode ${mode}, and you are user ${uid}`;
}
