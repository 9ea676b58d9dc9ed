import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileSource, MemorySource } from './byte-source.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ecli-test-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('FileSource', () => {
  test('opens no pipe, which would wait for a writer, no device and no folder', () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    for (const path of [pipe, '/dev/tty', '/dev/zero', folder, join(folder, 'nothing')]) {
      expect(FileSource.open(path)).toBeUndefined();
    }
  });

  test('reads all that is asked for, or throws', () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'abcdef');
    const file = FileSource.open(path);
    expect(file?.read(2, 3).toString()).toBe('cde');
    expect(() => file?.read(4, 3)).toThrow(RangeError);
    expect(() => file?.read(-1, 3)).toThrow(RangeError);
    truncateSync(path, 3);
    expect(() => file?.read(2, 3)).toThrow(RangeError);
    file?.close();
  });
});

test('MemorySource reads all that is asked for, or throws', () => {
  const memory = new MemorySource(Buffer.from('abcdef'));
  expect(memory.read(2, 4).toString()).toBe('cdef');
  expect(() => memory.read(2, 5)).toThrow(RangeError);
  expect(() => memory.read(0, Number.MAX_SAFE_INTEGER)).toThrow(RangeError);
});
