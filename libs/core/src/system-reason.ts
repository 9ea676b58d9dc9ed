/** errno(3), in words that fit after a subject and a colon. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EBUSY: 'in use',
  EDQUOT: 'the quota is used up',
  EIO: 'the disk fails',
  EISDIR: 'a folder, not a file',
  ELOOP: 'symbolic links in a circle',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'the name is too long',
  ENFILE: 'too many files are open',
  ENOENT: 'no such file or folder',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'a file stands where a folder must',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
};

/** What the operating system said no with, in words: `the disk is full`; its code where there are none for it. */
export function systemReason(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  if (typeof code !== 'string') return error instanceof Error ? error.message : String(error);
  return REASONS[code] ?? code;
}
