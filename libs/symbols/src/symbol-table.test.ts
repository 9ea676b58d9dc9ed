import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { SymbolCollector, type SymbolTable } from './symbol-table.ts';

interface Row {
  readonly start: number;
  readonly size: number;
  readonly rank?: number;
}

/** Names say which row they are of. */
function tableOf(rows: readonly Row[]): SymbolTable {
  const names: string[] = [];
  const collector = new SymbolCollector(rows.length);
  let nameStart = 0;
  rows.forEach(({ start, size, rank }, index) => {
    collector.add(start, size, nameStart, rank);
    names.push(`s${index}\0`);
    nameStart += names.at(-1)?.length ?? 0;
  });
  return collector.finish(Buffer.from(names.join('')), 0);
}

describe('SymbolTable', () => {
  test('finds the symbol around an address', () => {
    const table = tableOf([
      { start: 200, size: 50 },
      { start: 100, size: 50 },
    ]);
    expect(table.find(99)).toBeUndefined();
    expect(table.find(100)).toEqual({ name: 's1', start: 100 });
    expect(table.find(149)).toEqual({ name: 's1', start: 100 });
    expect(table.find(180)).toBeUndefined();
    expect(table.find(249)).toEqual({ name: 's0', start: 200 });
  });

  test('finds a function right behind its end, where a call that never returns leads to', () => {
    expect(tableOf([{ start: 100, size: 50 }]).find(150)).toEqual({ name: 's0', start: 100 });
  });

  test('decodes no more than the beginning of a name that has no end', () => {
    const collector = new SymbolCollector(1);
    collector.add(100, 50, 0);
    const { name } = collector.finish(Buffer.alloc(1 << 20, 'a'), 0).find(100) ?? { name: '' };
    expect(name).toBe('a'.repeat(4096));
  });

  test('passes over a label inside a function', () => {
    const table = tableOf([
      { start: 100, size: 100 },
      { start: 120, size: 4 },
    ]);
    expect(table.find(121)?.name).toBe('s1');
    expect(table.find(160)?.name).toBe('s0');
  });

  test('lets a symbol without a size reach to the next one, but not for megabytes', () => {
    const table = tableOf([
      { start: 100, size: 0 },
      { start: 200, size: 0 },
    ]);
    expect(table.find(199)?.name).toBe('s0');
    expect(table.find(5000)?.name).toBe('s1');
    expect(table.find(200 + 2 ** 21)).toBeUndefined();
  });

  test('keeps of one address the highest rank, and the first of these', () => {
    const table = tableOf([
      { start: 7, size: 1, rank: 1 },
      { start: 7, size: 1, rank: 2 },
      { start: 7, size: 1, rank: 2 },
    ]);
    expect(table.size).toBe(1);
    expect(table.find(7)?.name).toBe('s1');
  });

  test('finds what a plain search finds, near and far, also below zero', () => {
    const anyStart = fc.oneof(
      fc.integer({ min: 0, max: 300 }),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
      fc.maxSafeInteger(),
    );
    const anyRow = fc.record({ start: anyStart, size: fc.integer({ min: 1, max: 40 }) });
    fc.assert(
      fc.property(
        fc.uniqueArray(anyRow, { selector: ({ start }) => start, maxLength: 20 }),
        anyStart,
        (rows, address) => {
          const around = rows.filter(({ start, size }) => start <= address && address - start <= size);
          const nearest = around.sort((a, b) => b.start - a.start)[0];
          expect(tableOf(rows).find(address)?.start).toBe(nearest?.start);
        },
      ),
    );
  });
});
