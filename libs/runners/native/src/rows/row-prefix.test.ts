import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RowPrefix } from './row-prefix.ts';
import type { TimeNotation } from './timestamps.ts';

/** Seconds since the epoch. */
const seconds: TimeNotation = { width: 1, holdsUs: 1_000_000, text: (us) => String(Math.floor(us / 1e6)) };

function written(prefix: RowPrefix): string {
  const out = Buffer.alloc(prefix.maxBytes + 1, '.');
  const end = prefix.write(out, 1);
  return out.toString('utf8', 1, end);
}

describe('RowPrefix', () => {
  test('is what is spelt of the time, and changes with it', () => {
    const prefix = new RowPrefix(seconds, (time) => `[${time}] `);
    prefix.setTime(7_999_999);
    expect(written(prefix)).toBe('[7] ');
    prefix.setTime(8_000_000);
    expect(written(prefix)).toBe('[8] ');
  });

  test('asks for a text only when it may have changed', () => {
    let asked = 0;
    const prefix = new RowPrefix({ ...seconds, text: () => String(asked++) }, (time) => time);
    const before = asked;
    for (let us = 9_000_000; us < 9_001_000; us++) prefix.setTime(us);
    expect(asked - before).toBe(1);
  });

  test('may be of any length, and hold any characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        expect(written(new RowPrefix(undefined, () => text))).toBe(Buffer.from(text).toString());
      }),
    );
  });
});
