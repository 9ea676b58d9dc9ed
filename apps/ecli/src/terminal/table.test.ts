import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import stringWidth from 'string-width';
import { tableOf } from './table.ts';

describe('tableOf', () => {
  test('aligns cells below their headings, numbers to the right', () => {
    const columns = ['REFERENCE', { heading: 'SIZE', align: 'right' }, 'CREATED'] as const;
    const rows = [
      ['ghcr.io/org/tool:v1', '12 KB', '2 days ago'],
      ['localhost:5000/x', '9 B', ''],
    ];
    expect(tableOf(columns, rows)).toBe(
      'REFERENCE             SIZE  CREATED\n' +
        'ghcr.io/org/tool:v1  12 KB  2 days ago\n' +
        'localhost:5000/x       9 B\n',
    );
  });

  test('has headings alone where there are no rows', () => {
    expect(tableOf(['A', 'B'], [])).toBe('A  B\n');
  });

  test('counts wide characters twice, and spells control characters out', () => {
    expect(
      tableOf(
        ['A', 'B'],
        [
          ['漢字', 'x'],
          ['a\x1b[2J\n', 'y'],
        ],
      ),
    ).toBe(`A${' '.repeat(11)}B\n漢字${' '.repeat(8)}x\na\\x1b[2J\\n  y\n`);
  });

  test('begins each column at the same place in all lines, whatever the cells hold', () => {
    const cell = fc.string({ unit: 'grapheme', maxLength: 20 });
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, fc.constant('|')), { maxLength: 5 }), (rows) => {
        const lines = tableOf(['', '|'], rows).trimEnd().split('\n');
        const places = lines.map((line) => stringWidth(line.slice(0, line.lastIndexOf('|'))));
        expect(lines).toHaveLength(rows.length + 1);
        expect(new Set(places).size).toBe(1);
      }),
    );
  });
});
