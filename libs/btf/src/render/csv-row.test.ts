import { describe, expect, test } from '@jest/globals';
import { rendered } from '../../test/render/rendered.ts';
import { TypeTable } from '../../test/render/type-table.ts';
import { compileCsvRow } from './csv-row.ts';
import { entryLayout, layoutOf } from './layout.ts';

/** The row of a struct with one member, less the line end. */
function cell(add: (table: TypeTable) => number, bytes: Uint8Array): string {
  const table = new TypeTable();
  const event = table.struct('event', [['x', add(table)]]);
  const row = rendered(compileCsvRow(layoutOf(table, event)), bytes);
  expect(row.endsWith('\n')).toBe(true);
  return row.slice(0, -1);
}

describe('compileCsvRow', () => {
  test('has a column for each member under its name', () => {
    const table = new TypeTable();
    const event = table.struct('event', [
      ['pid', table.int('int', 4, true)],
      ['comm', table.string(8)],
      ['ok', table.bool()],
    ]);
    const renderer = compileCsvRow(layoutOf(table, event));
    const sample = Buffer.alloc(13, 0);
    sample.writeInt32LE(-7, 0);
    sample.write('bash', 4);
    expect(renderer.header).toBe('pid,comm,ok');
    expect(rendered(renderer, sample)).toBe('-7,bash,false\n');
  });

  const text = (table: TypeTable): number => table.string(12);
  const padded = (content: string | Uint8Array): Buffer =>
    Buffer.concat([Buffer.from(content), Buffer.alloc(12)]);
  test.each<[string, (table: TypeTable) => number, Uint8Array, string]>([
    ['plain text without quotes', text, padded('a b;c'), 'a b;c'],
    ['an empty string as nothing', text, Buffer.alloc(12), ''],
    ['a comma in quotes', text, padded('a,b'), '"a,b"'],
    ['quotes doubled', text, padded('say "hi"'), '"say ""hi"""'],
    ['what stands after the NUL not at all', text, padded('ab\0,"'), 'ab'],
    ['line ends spelled out, in no quotes', text, padded('a\r\nb'), 'a\\r\\nb'],
    ['what is not UTF-8 as replacement characters', text, padded(Buffer.of(0x61, 0xff, 0x2c)), '"a\ufffd,"'],
    [
      'a string of nothing but quotes',
      (table) => table.string(4),
      Buffer.from('""""'),
      `"${'""'.repeat(4)}"`,
    ],
    ['a string that fills its array', (table) => table.string(4), Buffer.from('a,bc'), '"a,bc"'],
    ['NaN', (table) => table.float(8), Buffer.of(0, 0, 0, 0, 0, 0, 0xf8, 0x7f), 'NaN'],
    [
      '128 bits',
      (table) => table.int('unsigned __int128', 16, false),
      Buffer.alloc(16, 0xff),
      '340282366920938463463374607431768211455',
    ],
    [
      'an enum whose name has a comma in quotes',
      (table) => table.enum('e', 1, false, [{ name: 'A,"', value: 1n }]),
      Buffer.of(1),
      '"A,""(1)"',
    ],
    [
      'an unknown enum value',
      (table) => table.enum('e', 1, true, []),
      Buffer.of(0xff),
      '<UNKNOWN_VARIANT>(-1)',
    ],
    [
      'an array as JSON',
      (table) => table.array(table.int('unsigned char', 1, false), 2),
      Buffer.of(1, 2),
      '"[1,2]"',
    ],
    [
      'a struct as JSON',
      (table) => table.struct('s', [['a"', table.string(3)]]),
      Buffer.from('"\\\x01'),
      '"{""__EUNOMIA_TYPE"":""struct"",""__EUNOMIA_TYPE_NAME"":""s"",""a\\"""":""\\""\\\\\\u0001""}"',
    ],
    [
      '128 bits in an array',
      (table) => table.array(table.int('u128', 16, false), 1),
      Buffer.alloc(16),
      '"[""0""]"',
    ],
  ])('writes %s', (_, add, bytes, expected) => {
    expect(cell(add, bytes)).toBe(expected);
  });

  test('quotes names that need it, and makes all safe for a terminal', () => {
    const table = new TypeTable();
    const event = table.struct('event', [
      ['a,b', table.bool()],
      ['"', table.bool()],
      ['\n', table.bool()],
    ]);
    expect(compileCsvRow(layoutOf(table, event)).header).toBe('"a,b","""",\\n');
  });

  test('begins with the map and the time where asked to', () => {
    const table = new TypeTable();
    const event = table.struct('event', [['ok', table.bool()]]);
    const renderer = compileCsvRow(layoutOf(table, event), { map: 'my,map', timestamp: true });
    expect(renderer.header).toBe('"my,map",timestamp,ok');
    renderer.setTimestamp('2026-11-24T09:07:07.123456+01:00');
    expect(rendered(renderer, Buffer.of(1))).toBe('"my,map",2026-11-24T09:07:07.123456+01:00,true\n');
    renderer.setTimestamp('09:07:08');
    expect(rendered(renderer, Buffer.of(1))).toBe('"my,map",09:07:08,true\n');
  });

  test('refuses a time that could break the row', () => {
    const table = new TypeTable();
    const renderer = compileCsvRow(layoutOf(table, table.bool()), { timestamp: true });
    expect(() => renderer.setTimestamp('a,b')).toThrow(RangeError);
    expect(() => renderer.setTimestamp('1'.repeat(49))).toThrow(RangeError);
  });

  test("has columns for the members of an entry's key and value", () => {
    const table = new TypeTable();
    const u32 = table.int('u32', 4, false);
    const point = table.struct('point', [
      ['x', u32],
      ['y', u32],
    ]);
    const renderer = compileCsvRow(entryLayout(table, { keyType: point, valueType: u32 }));
    expect(renderer.header).toBe('key.x,key.y,value');
    const entry = Buffer.alloc(12);
    [1, 2, 3].forEach((value, index) => entry.writeUInt32LE(value, 4 * index));
    expect(rendered(renderer, entry)).toBe('1,2,3\n');
  });

  test('has one column for the values of all CPUs', () => {
    const table = new TypeTable();
    const u32 = table.int('u32', 4, false);
    const renderer = compileCsvRow(entryLayout(table, { keyType: u32, valueType: u32, cpus: 3 }));
    const entry = Buffer.alloc(32, 0xee);
    [9, 1, 2, 3].forEach((value, index) => entry.writeUInt32LE(value, 8 * index));
    expect(renderer.header).toBe('key,value');
    expect(rendered(renderer, entry)).toBe('9,"[1,2,3]"\n');
  });
});
