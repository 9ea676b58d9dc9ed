import { describe, expect, test } from '@jest/globals';
import { PictureTitle, rate } from './picture-title.ts';

test.each([
  [0, 1000, '0/s'],
  [120, 1000, '+120/s'],
  [-3, 2000, '-1.5/s'],
  [5, 3000, '+1.7/s'],
  [1000, 3, '+333,333/s'],
])('%d in %d ms is %s', (change, elapsedMs, text) => {
  expect(rate(change, elapsedMs)).toBe(text);
});

describe('PictureTitle', () => {
  const screen = { columns: 80, rows: 24, colors: false };
  const common = { name: 'counts', screen, notation: undefined, counted: ['entry', 'entries'] } as const;
  const reading = { timeUs: 0, elapsedMs: 1000 };

  test('tells how many more there are than before', () => {
    const title = new PictureTitle({ ...common, clears: false });
    expect(title.line(10, reading)).toBe('counts  10 entries  +10/s');
    expect(title.line(13, reading)).toBe('counts  13 entries  +3/s');
    expect(title.line(1, reading)).toBe('counts  1 entry  -12/s');
  });

  test('of a map that is cleared, all are more', () => {
    const title = new PictureTitle({ ...common, clears: true });
    title.line(10, reading);
    expect(title.line(13, { ...reading, elapsedMs: 500 })).toBe('counts  13 entries  +26/s');
  });
});
