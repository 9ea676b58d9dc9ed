import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { EcliError } from '@ecli/core';
import fc from 'fast-check';
import { readTar, type TarEntry } from './tar.ts';
import { writeTar } from './tar-writer.ts';

const FILE: TarEntry = { path: 'package.json', content: Buffer.from('{"meta":{}}') };
const LONG = `btfhub-archive/${'a-long-name/'.repeat(20)}5.4.0-42.btf`;

function pathsAndTexts(entries: Iterable<TarEntry>): [string, string][] {
  return Array.from(entries, ({ path, content }) => [path, Buffer.from(content).toString('latin1')]);
}

describe('readTar', () => {
  test('reads what writeTar wrote, whatever the names and contents', () => {
    const path = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 300 })
      .filter((text) => !text.includes('\0'));
    const entry = fc.record({ path, content: fc.uint8Array({ maxLength: 1200 }) });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 4 }), (entries) => {
        expect(pathsAndTexts(readTar(writeTar(entries), 'x.tar'))).toEqual(pathsAndTexts(entries));
      }),
      { numRuns: 200 },
    );
  });

  test.each(['ustar', 'pax', 'gnu', 'v7'])('reads what tar writes as %s', (format) => {
    const paths = format === 'v7' || format === 'ustar' ? ['package.json'] : [LONG, 'package.json'];
    const folder = mkdtempSync(join(tmpdir(), 'ecli-test-'));
    try {
      for (const path of paths) {
        mkdirSync(join(folder, dirname(path)), { recursive: true });
        writeFileSync(join(folder, path), path);
      }
      const content = execFileSync('tar', ['-c', `--format=${format}`, '-C', folder, ...paths]);
      expect(pathsAndTexts(readTar(content, 'x.tar'))).toEqual(paths.map((path) => [path, path]));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('refuses a tar that is cut off', () => {
    const whole = writeTar([FILE]);
    expect(() => [...readTar(whole.subarray(0, 520), 'x.tar')]).toThrow('x.tar: package.json: cut off');
  });

  test('refuses a header that was changed', () => {
    const changed = writeTar([FILE]);
    changed[0] = 0x71;
    expect(() => [...readTar(changed, 'x.tar')]).toThrow(
      'x.tar: broken tar: the header at byte 0 has a wrong checksum',
    );
  });

  test.each(['', '9', '9 ', '0 path=x\n', '99 path=long\n', 'path=x'])(
    'takes the name in ustar where the pax header is broken: %j',
    (records) => {
      const [pax, file] = [writeTar([{ path: 'pax', content: Buffer.from(records) }]), writeTar([FILE])];
      const entries = [...readTar(Buffer.concat([withType(pax, 'x'), file]), 'x.tar')];
      expect(entries.map(({ path }) => path)).toEqual(['package.json']);
    },
  );

  test('ends with files or an EcliError, whatever the bytes', () => {
    const whole = writeTar([{ path: LONG, content: Buffer.alloc(700) }, FILE]);
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 16 }), (at, noise) => {
        const changed = Buffer.from(whole);
        changed.set(noise.subarray(0, whole.length - at), at);
        try {
          expect([...readTar(changed, 'x.tar')].length).toBeLessThan(4);
        } catch (error) {
          expect(error).toBeInstanceOf(EcliError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** The entry alone, without the blocks that end a tar, as one of another type. */
function withType(tar: Buffer, type: string): Buffer {
  const entry = Buffer.from(tar.subarray(0, -1024));
  const change = type.charCodeAt(0) - (entry[156] ?? 0);
  entry.write(type, 156);
  const sum = Number.parseInt(entry.toString('latin1', 148, 154), 8) + change;
  entry.write(sum.toString(8).padStart(6, '0'), 148);
  return entry;
}
