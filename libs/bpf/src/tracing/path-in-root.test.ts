import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathInRoot } from './path-in-root.ts';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'ecli-root-'));
  mkdirSync(join(root, 'usr/bin'), { recursive: true });
  mkdirSync(join(root, 'etc/alternatives'), { recursive: true });
  writeFileSync(join(root, 'usr/bin/real'), '');
  symlinkSync('/etc/alternatives/python', join(root, 'usr/bin/python'));
  symlinkSync('../../usr/bin/real', join(root, 'etc/alternatives/python'));
  symlinkSync('usr/bin', join(root, 'bin'));
  symlinkSync('../../../../../../usr/bin/real', join(root, 'usr/bin/outwards'));
  symlinkSync('/usr/bin/loop', join(root, 'usr/bin/loop'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test.each([
  ['/usr/bin/real', '/usr/bin/real'],
  ['/usr/bin/python', '/usr/bin/real'],
  ['/bin/python', '/usr/bin/real'],
  ['/usr/bin/outwards', '/usr/bin/real'],
  ['/../../usr/./bin//real', '/usr/bin/real'],
  ['/usr/bin/nothing', '/usr/bin/nothing'],
  ['/usr/bin/loop', '/usr/bin/loop'],
])('%s of a process with another root is %s in there', (path, found) => {
  expect(pathInRoot(root, path)).toBe(`${root}${found}`);
});
