import { describe, expect, test } from '@jest/globals';
import { StringTable } from './string-table.ts';

describe('StringTable', () => {
  const table = new StringTable(Buffer.from('\0.rel.text\0µ\0'), 'names');

  test.each([
    [0, ''],
    [1, '.rel.text'],
    [5, '.text'],
    [11, 'µ'],
  ])('reads the string at %i', (offset, expected) => {
    expect(table.get(offset)).toBe(expected);
    expect(table.get(offset)).toBe(expected);
    expect(table.equals(offset, Buffer.from(expected))).toBe(true);
  });

  test('tells strings apart that begin alike', () => {
    expect(table.equals(1, Buffer.from('.rel'))).toBe(false);
    expect(table.equals(1, Buffer.from('.rel.text.more'))).toBe(false);
    expect(table.equals(99, Buffer.from(''))).toBe(false);
  });

  test.each([14, 1e9, 0xffff_ffff])('refuses offset %i', (offset) => {
    expect(() => table.get(offset)).toThrow(`names: offset ${offset} is outside its 14 bytes`);
  });

  test('refuses a string without an end', () => {
    expect(() => new StringTable(Buffer.from('\0abc'), 'names').get(1)).toThrow('names: offset 1 is outside');
  });

  test('does not let a small table become gigabytes of strings', () => {
    const long = new StringTable(Buffer.from(`${'a'.repeat((1 << 20) - 1)}\0`), 'names');
    const readAll = (): void => {
      for (let offset = 1; offset < 1 << 20; offset++) long.get(offset);
    };
    expect(readAll).toThrow('names: too many overlapping strings');
  });
});
