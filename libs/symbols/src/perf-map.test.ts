import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parsePerfMap } from './perf-map.ts';

describe('parsePerfMap', () => {
  test('reads names with spaces, and of one address the last', () => {
    const table = parsePerfMap(
      Buffer.from(
        '7f0010 20 LazyCompile:~work /app/main.js:3\n7f0100 10 old\n0x12 1 x\nnonsense\n7f0100 8 new\n7f0200 4 last',
      ),
    );
    expect(table.find(0x7f0018)).toEqual({ name: 'LazyCompile:~work /app/main.js:3', start: 0x7f0010 });
    expect(table.find(0x7f0101)?.name).toBe('new');
    expect(table.find(0x7f0202)?.name).toBe('last');
    expect(table.find(0x12)).toBeUndefined();
  });

  test('finds what a plain search finds', () => {
    const anyRow = fc.record({
      start: fc.integer({ min: 1, max: 2 ** 40 }),
      size: fc.integer({ min: 1, max: 64 }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(anyRow, { selector: ({ start }) => start, maxLength: 20 }), (rows) => {
        const text = rows.map(
          ({ start, size }) => `${start.toString(16)} ${size.toString(16)} at ${start}\n`,
        );
        const table = parsePerfMap(Buffer.from(text.join('')));
        for (const { start } of rows) expect(table.find(start)).toEqual({ name: `at ${start}`, start });
      }),
    );
  });

  test('reads any bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parsePerfMap(Buffer.from(bytes)).find(1)));
  });
});
