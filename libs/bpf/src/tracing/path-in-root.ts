import { readlinkSync } from 'node:fs';

/** So many links in one path the kernel follows (path_resolution(7)). */
const MOST_LINKS = 40;

/**
 * Finds where a path leads for a process whose root folder is `root`, such as `/proc/42/root`: there absolute links
 * begin, and `..` doesn't lead out of it. The kernel would follow them from our own root. What isn't there stays as
 * it is named.
 */
export function pathInRoot(root: string, path: string): string {
  const ahead = path.split('/').reverse();
  let behind: string[] = [];
  let links = 0;
  for (let name = ahead.pop(); name !== undefined; name = ahead.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      behind.pop();
      continue;
    }
    const target = links < MOST_LINKS ? linkAt([root, ...behind, name].join('/')) : undefined;
    if (target === undefined) {
      behind.push(name);
      continue;
    }
    links++;
    if (target.startsWith('/')) behind = [];
    ahead.push(...target.split('/').reverse());
  }
  return [root, ...behind].join('/');
}

function linkAt(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined; // no link, or not there
  }
}
