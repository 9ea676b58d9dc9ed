import { expect, jest, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { FileSource } from './byte-source.ts';
import { debugFileSymbols } from './debug-file.ts';
import type { ElfImage } from './elf-image.ts';

test('reads no more for a CRC than a second takes, however many files may have it', () => {
  const root = mkdtempSync(join(tmpdir(), 'ecli-debug-'));
  const read = jest.spyOn(FileSource.prototype, 'read');
  try {
    const header = Buffer.alloc(64);
    header.write('\x7fELF\x02\x01', 'latin1');
    for (const path of ['bin/x.debug', 'bin/.debug/x.debug', 'usr/lib/debug/bin/x.debug']) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), header);
      truncateSync(join(root, path), 100 << 20); // takes no room: all but the header is a hole
    }
    const image: Pick<ElfImage, 'buildId' | 'debugLink'> = {
      buildId: undefined,
      debugLink: { name: 'x.debug', crc: 1 },
    };
    expect(debugFileSymbols({ roots: [root], path: '/bin/x', image })).toBeUndefined();
    const bytes = read.mock.calls.reduce((sum, [, length]) => sum + length, 0);
    expect(bytes).toBeGreaterThan(199 << 20);
    expect(bytes).toBeLessThan(257 << 20);
  } finally {
    read.mockRestore();
    rmSync(root, { recursive: true, force: true });
  }
});
