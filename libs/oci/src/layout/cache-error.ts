import { EcliError, printable, systemReason } from '@ecli/core';

/** The name of what the operating system said no with: `ENOSPC`. */
export function errnoOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
}

/** Tells whether a layout's folder couldn't be written because the disk, or what the user may have of it, is full. */
export function isForLackOfRoom(error: unknown): boolean {
  const cause = error instanceof EcliError ? error.cause : error;
  return ['ENOSPC', 'EDQUOT'].includes(errnoOf(cause) ?? '');
}

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'ecli image prune --max-size 500M makes room, or set XDG_CACHE_HOME to another disk',
  EDQUOT: 'ecli image prune --max-size 500M makes room',
  EROFS: 'set XDG_CACHE_HOME to a folder that can be written to',
  EACCES: 'set XDG_CACHE_HOME to a folder that you may write to',
  EPERM: 'set XDG_CACHE_HOME to a folder that you may write to',
};

/** Says that a layout's folder can't be read or written; an EcliError is returned as it is. */
export function cacheFailure(folder: string, error: unknown): EcliError {
  if (error instanceof EcliError) return error;
  const errno = errnoOf(error);
  const hint = errno === undefined ? undefined : HINTS[errno];
  return new EcliError(
    'CACHE_FAILED',
    `${printable(folder)}: can't be used: ${printable(systemReason(error))}`,
    {
      cause: error,
      ...(hint !== undefined && { hint }),
    },
  );
}
