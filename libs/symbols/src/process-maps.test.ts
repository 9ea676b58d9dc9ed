import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { findMapping, parseMaps, sameMappings } from './process-maps.ts';

const MAPS = `00400000-00401000 r--p 00000000 fd:01 1234                               /usr/bin/program
00401000-00402000 r-xp 00001000 fd:01 1234                               /usr/bin/program
7f0000000000-7f0000001000 rwxp 00000000 00:00 0 
7f0000002000-7f0000003000 r-xp 00000000 fd:01 77                         /lib/a file (deleted)
7f0000004000-7f0000005000 r-xp 00002000 fd:01 78                         /lib/two\\012lines.so
7ffd00000000-7ffd00002000 r-xp 00000000 00:00 0                          [vdso]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
`;

describe('parseMaps', () => {
  const mappings = parseMaps(MAPS);

  test('reads what may be executed, where numbers are exact', () => {
    expect(mappings.map(({ path, deleted }) => [path, deleted])).toEqual([
      ['/usr/bin/program', false],
      ['', false],
      ['/lib/a file', true],
      ['/lib/two\nlines.so', false],
      ['[vdso]', false],
    ]);
    expect(mappings[0]).toMatchObject({
      start: 0x401000,
      end: 0x402000,
      fileOffset: 0x1000,
      device: 'fd:01',
      inode: 1234,
      range: '00401000-00402000',
    });
  });

  test('reads a path with any character that the kernel writes as it is', () => {
    for (const path of ['/tmp/a\rb', '/tmp/a\u2028b', '/tmp/a\x1b[2Jb', '/tmp/a  b']) {
      const line = `00401000-00402000 r-xp 00001000 fd:01 1234      ${path}`;
      expect(parseMaps(`${line}\n`)).toMatchObject([{ path }]);
    }
  });

  test('reads the mappings of this process', () => {
    const own = parseMaps(readFileSync('/proc/self/maps', 'utf8'));
    expect(own.some(({ path }) => path === process.execPath)).toBe(true);
  });

  test('reads any text', () => {
    const anyLine = fc.oneof(fc.constantFrom(...MAPS.split('\n')), fc.string());
    fc.assert(fc.property(fc.array(anyLine), (lines) => void parseMaps(lines.join('\n'))));
  });
});

test.each([
  [0x400fff, undefined],
  [0x401000, '/usr/bin/program'],
  [0x401fff, '/usr/bin/program'],
  [0x402000, undefined],
  [0x7ffd00001000, '[vdso]'],
  [Number.MAX_SAFE_INTEGER, undefined],
])('findMapping finds what holds %d', (address, path) => {
  expect(findMapping(parseMaps(MAPS), address)?.path).toBe(path);
});

test('sameMappings tells another file at the same place', () => {
  expect(sameMappings(parseMaps(MAPS), parseMaps(MAPS))).toBe(true);
  expect(sameMappings(parseMaps(MAPS), parseMaps(MAPS.replaceAll('1234', '1235')))).toBe(false);
  expect(sameMappings(parseMaps(MAPS), [])).toBe(false);
});
