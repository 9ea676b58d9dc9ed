import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { WriteBehind } from './write-behind.ts';

describe('WriteBehind', () => {
  let folder = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ecli-write-behind-'));
  });

  afterEach(() => rm(folder, { recursive: true }));

  it('writes all pieces in their order, whose memory is used again at once', async () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(pieces, fc.integer({ min: 0, max: 50 }), async (lent, sizeBytes) => {
        const path = join(folder, 'file');
        const file = await open(path, 'w');
        const writing = new WriteBehind(file, sizeBytes);
        const expected = Buffer.concat(lent);
        for (const piece of lent) {
          await writing.append(piece);
          piece.fill(0xff);
        }
        await writing.flush();
        await file.close();
        expect(await readFile(path)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('says that a block could not be written when the next one is, or at the end', async () => {
    const file = await open('/dev/full', 'w');
    try {
      const writing = new WriteBehind(file, 4);
      await writing.append(Buffer.from('1234'));
      await expect(writing.append(Buffer.from('5678'))).rejects.toMatchObject({ code: 'ENOSPC' });
      await expect(writing.flush()).rejects.toMatchObject({ code: 'ENOSPC' });
    } finally {
      await file.close();
    }
  });
});
