import { describe, expect, test } from '@jest/globals';
import { printable } from '@ecli/core';
import type { Frame } from '@ecli/symbols';
import fc from 'fast-check';
import { frameJson, frameText, frameWord, LONGEST_FRAME_BYTES } from './frame-text.ts';

const ADDRESS = 'ffffffff81000010';

test.each<[Partial<Frame>, string]>([
  [{}, '[<ffffffff81000010>]'],
  [{ symbol: 'do_idle', offset: 443 }, '[<ffffffff81000010>] do_idle+0x1bb'],
  [{ symbol: 'f', offset: 0, path: '[mod]' }, '[<ffffffff81000010>] f+0x0 [mod]'],
  [{ offset: 16, path: '/bin/cat' }, '[<ffffffff81000010>] +0x10 /bin/cat'],
  [{ path: '/dev/zero' }, '[<ffffffff81000010>] /dev/zero'],
])('frameText writes what is known: %j', (known, text) => {
  expect(frameText({ space: 'kernel', address: ADDRESS, ...known })).toBe(text);
});

test.each<[Partial<Frame>, string]>([
  [{ symbol: 'a;b', path: '/bin/cat' }, 'a:b'],
  [{ path: '/bin/cat' }, '[cat]'],
  [{ path: '[vdso]' }, '[vdso]'],
  [{ path: '/tmp/a;b c' }, '[a:b c]'],
  [{}, '[unknown]'],
])('frameWord is one word of a folded stack: %j', (known, word) => {
  expect(frameWord({ space: 'user', address: ADDRESS, ...known }, true)).toBe(word);
});

describe('no frame', () => {
  /** Names of frames are printable and cut, which may cut a character in two. */
  const anyName = (length: number) =>
    fc
      .oneof(
        fc.constantFrom('"', '\\', '日', 'ÿ', '😀').map((character) => character.repeat(length)),
        fc.string({ unit: 'binary', maxLength: length }),
      )
      .map((text) => printable(text).slice(0, length));

  test('takes more bytes than it may', () => {
    fc.assert(
      fc.property(anyName(512), anyName(256), fc.maxSafeInteger(), (symbol, path, offset) => {
        const frame: Frame = { space: 'user', address: ADDRESS, symbol, offset, path };
        const csv = frameWord(frame, true).replaceAll('"', '""');
        for (const text of [frameText(frame), frameJson(frame), csv]) {
          expect(Buffer.byteLength(text) + 1).toBeLessThanOrEqual(LONGEST_FRAME_BYTES);
        }
      }),
    );
  });
});
