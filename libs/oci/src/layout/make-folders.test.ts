import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFolders } from './make-folders.ts';

describe('makeFolders', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ecli-folders-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('makes what is missing, for whom the mode says, and takes what is there', () => {
    const path = join(folder, 'a', 'b');
    makeFolders(path, 0o700);
    expect(statSync(path).mode & 0o777).toBe(0o700);
    makeFolders(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  test('ends where nothing can be made', () => {
    expect(() => makeFolders('/proc/none/of/these')).toThrow('ENOENT');
  });

  test('takes no file for a folder', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => makeFolders(join(folder, 'file'))).toThrow('EEXIST');
    expect(() => makeFolders(join(folder, 'file', 'below'))).toThrow('ENOTDIR');
  });
});
