import type { KernelIdentity } from './kernel-identity.ts';

/**
 * Sorts paths in BTFHub's layout by how near their kernels are to `kernel`: by the names they have in common from
 * the front (the system before its version), then by how far the releases are alike.
 */
export function nearestFirst(kernel: KernelIdentity, paths: readonly string[]): string[] {
  const ranked = paths.map((path) => ({ path, rank: rankOf(kernel, path) }));
  ranked.sort((a, b) => compare(b.rank, a.rank) || (a.path < b.path ? -1 : 1));
  return ranked.map(({ path }) => path);
}

function rankOf({ id, versionId, architecture, release }: KernelIdentity, path: string): readonly number[] {
  const [itsId = '', itsVersion = '', itsArchitecture = '', file = ''] = path.split('/').slice(-4);
  const isSameSystem = itsId === id;
  return [
    Number(itsArchitecture === architecture),
    Number(isSameSystem),
    Number(isSameSystem && itsVersion === versionId),
    commonLength(file, release),
  ];
}

function commonLength(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}

function compare(a: readonly number[], b: readonly number[]): number {
  const index = a.findIndex((value, at) => value !== b[at]);
  return index < 0 ? 0 : (a[index] ?? 0) - (b[index] ?? 0);
}
