import { expect, test } from '@jest/globals';
import { globPattern } from './glob.ts';

test.each([
  ['vfs_*', 'vfs_read', true],
  ['vfs_*', 'xvfs_read', false],
  ['vfs_rea?', 'vfs_read', true],
  ['vfs_rea?', 'vfs_rea', false],
  ['a.b', 'axb', false],
  ['f(x)[1]$', 'f(x)[1]$', true],
  ['*', '', true],
])('%s of %s: %p', (pattern, name, matches) => {
  expect(globPattern(pattern).test(name)).toBe(matches);
});
