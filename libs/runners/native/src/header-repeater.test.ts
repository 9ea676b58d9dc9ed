import { describe, expect, test } from '@jest/globals';
import { HeaderRepeater } from './header-repeater.ts';

function repeater(rows: number | undefined) {
  const header = { header: 'PID', headerVersion: 1 };
  const screen = rows === undefined ? undefined : { columns: 80, rows, colors: false };
  return { header, headers: new HeaderRepeater(header, screen) };
}

describe('HeaderRepeater', () => {
  test('shows the header with the first rows, and again once it has left the screen', () => {
    const { headers } = repeater(10);
    const due = Array.from({ length: 20 }, () => headers.before(1) !== undefined);
    expect(due.flatMap((isDue, line) => (isDue ? [line] : []))).toEqual([0, 8, 16]);
  });

  test('repeats it when columns have widened', () => {
    const { header, headers } = repeater(24);
    expect(headers.early).toBeUndefined();
    expect(headers.before(1)).toBe('PID');
    expect(headers.before(1)).toBeUndefined();
    header.headerVersion = 2;
    header.header = 'PID   ';
    expect(headers.before(1)).toBe('PID   ');
    expect(headers.before(1)).toBeUndefined();
  });

  test('never repeats it without a screen', () => {
    const { header, headers } = repeater(undefined);
    expect(headers.early).toBe('PID');
    header.headerVersion = 2;
    expect(headers.before(1000)).toBeUndefined();
  });

  test('comes before each chunk that is longer than the screen', () => {
    const { headers } = repeater(5);
    expect([headers.before(100), headers.before(100)]).toEqual(['PID', 'PID']);
  });
});
