import { describe, expect, test } from '@jest/globals';
import { rendered } from '../../test/render/rendered.ts';
import { TypeTable } from '../../test/render/type-table.ts';
import { compileTextRow } from './text-row.ts';
import { layoutOf } from './layout.ts';

/** The row of a struct with one member, less the space before and the line end after. */
function cell(add: (table: TypeTable) => number, bytes: Uint8Array): string {
  const table = new TypeTable();
  const event = table.struct('event', [['x', add(table)]]);
  const row = rendered(compileTextRow(layoutOf(table, event)), bytes);
  expect(row.startsWith(' ') && row.endsWith('\n')).toBe(true);
  return row.slice(1, -1);
}

describe('compileTextRow', () => {
  test('lines members up under their headings as the Rust tool does', () => {
    const table = new TypeTable();
    const int = table.int('int', 4, true);
    const kind = table.enum('event_type', 4, false, [{ name: 'EVENT_TYPE__ENTER', value: 0n }]);
    const event = table.composite('struct', 'event', 176, [
      ['pid', int, 0],
      ['ppid', int, 32],
      ['exit_code', table.int('unsigned int', 4, false), 64],
      ['duration_ns', table.int('unsigned long long', 8, false), 128],
      ['comm', table.string(16), 192],
      ['filename', table.string(127), 320],
      ['exit_event', table.bool(), 1336],
      ['et', kind, 1344],
    ]);
    const sample = Buffer.alloc(176);
    sample.writeInt32LE(12578, 0);
    sample.writeInt32LE(12355, 4);
    sample.writeUInt32LE(623215998, 16);
    sample.write('node', 24);
    sample[167] = 1;
    const renderer = compileTextRow(layoutOf(table, event));
    // Recorded from the Rust tool.
    expect(renderer.header).toBe('PID    PPID   EXIT_CODE DURATION_NS COMM   FILENAME EXIT_EVENT ET     ');
    expect(`09:07:07 ${rendered(renderer, sample)}`).toBe(
      '09:07:07  12578 12355  0         623215998   node            true       EVENT_TYPE__ENTER(0)\n',
    );
  });

  test('puts one space after a member that reaches its neighbour, and catches up later', () => {
    const table = new TypeTable();
    const int = table.int('int', 4, true);
    const event = table.struct('event', [
      ['a', int],
      ['b', int],
      ['c', int],
      ['d', int],
    ]);
    const sample = Buffer.alloc(16);
    [1234567, 12, 1, 2].forEach((value, index) => sample.writeInt32LE(value, 4 * index));
    expect(rendered(compileTextRow(layoutOf(table, event)), sample)).toBe(' 1234567 12   1      2\n');
  });

  test('counts characters and not bytes', () => {
    const table = new TypeTable();
    const nested = table.struct('n', [['s', table.string(8)]]);
    const event = table.struct('event', [
      ['comm', table.string(8)],
      ['ü', nested],
      ['last', table.bool()],
    ]);
    const sample = Buffer.alloc(17);
    sample.write('añ', 0);
    sample.write('€', 8);
    const json = '{"__EUNOMIA_TYPE":"struct","__EUNOMIA_TYPE_NAME":"n","s":"€"}';
    expect(rendered(compileTextRow(layoutOf(table, event)), sample)).toBe(` añ    ${json} false\n`);
  });

  test('has headings that a terminal can take, whatever the names are', () => {
    const table = new TypeTable();
    const event = table.struct('event', [
      ['a\x1b[2J\n', table.bool()],
      ['b', table.bool()],
    ]);
    const renderer = compileTextRow(layoutOf(table, event));
    expect(renderer.header).toBe('A\\x1b[2J\\n B      ');
    expect(rendered(renderer, Buffer.of(1, 0))).toBe(' true      false\n');
  });

  test('has room for a row that is nothing but padding', () => {
    const table = new TypeTable();
    const names = Array.from({ length: 20 }, (_, index) => `n${index}`);
    const renderer = compileTextRow(
      layoutOf(
        table,
        table.struct(
          'event',
          names.map((name) => [name, table.string(0)] as const),
        ),
      ),
    );
    expect(rendered(renderer, new Uint8Array(0))).toBe(`${' '.repeat(19 * 7)}\n`);
  });

  test('has room for a string of which every byte is spelled out', () => {
    const table = new TypeTable();
    const renderer = compileTextRow(layoutOf(table, table.struct('event', [['s', table.string(32)]])));
    expect(rendered(renderer, Buffer.alloc(32, 0x1b))).toBe(` ${'\\x1b'.repeat(32)}\n`);
  });

  test('shows an empty struct as an empty row', () => {
    const table = new TypeTable();
    const renderer = compileTextRow(layoutOf(table, table.struct('empty', [])));
    expect(renderer.header).toBe('');
    expect(rendered(renderer, new Uint8Array(0))).toBe('\n');
  });

  const int =
    (size: number, signed: boolean) =>
    (table: TypeTable): number =>
      table.int('x', size, signed);
  const ones = (size: number): Buffer => Buffer.alloc(size, 0xff);

  test.each<[string, (table: TypeTable) => number, Uint8Array, string]>([
    ['__u8', int(1, false), ones(1), '255'],
    ['__s8', int(1, true), ones(1), '-1'],
    ['__u16', int(2, false), ones(2), '65535'],
    ['__s16', int(2, true), Buffer.of(0, 0x80), '-32768'],
    ['__u32', int(4, false), ones(4), '4294967295'],
    ['__s32', int(4, true), Buffer.of(0, 0, 0, 0x80), '-2147483648'],
    ['__u64', int(8, false), ones(8), '18446744073709551615'],
    ['__s64', int(8, true), Buffer.of(0, 0, 0, 0, 0, 0, 0, 0x80), '-9223372036854775808'],
    ['unsigned __int128', int(16, false), ones(16), '340282366920938463463374607431768211455'],
    ['__int128', int(16, true), ones(16), '-1'],
    ['char, which is a number', (table) => table.char(), Buffer.from('A'), '65'],
    ['bool', (table) => table.bool(), Buffer.of(2), 'true'],
    ['float', (table) => table.float(4), Buffer.of(0xcd, 0xcc, 0xcc, 0x3d), '0.1'],
    ['double', (table) => table.float(8), Buffer.of(0, 0, 0, 0, 0, 0, 0xf0, 0x7f), 'inf'],
    ['pointer', (table) => table.pointer(), ones(8), '18446744073709551615'],
    ['char array', (table) => table.string(4), Buffer.from('ab\0c'), 'ab'],
    ['char array without NUL', (table) => table.string(4), Buffer.from('abcd'), 'abcd'],
    [
      'unsigned char array',
      (table) => table.array(int(1, false)(table), 3),
      Buffer.from('abc'),
      '[97,98,99]',
    ],
    ['array of char arrays', (table) => table.array(table.string(2), 2), Buffer.from('a\0bc'), '["a","bc"]'],
    ['flexible array', (table) => table.array(int(4, false)(table), 0), Buffer.of(), '[]'],
    ['flexible char array', (table) => table.string(0), Buffer.of(), ''],
    ['unknown enum value', (table) => table.enum('e', 4, true, []), ones(4), '<UNKNOWN_VARIANT>(-1)'],
    [
      'enum of one byte, whose enumerators have 32 bits',
      (table) => table.enum('e', 1, false, [{ name: 'LAST', value: 0xffffffffn }]),
      ones(1),
      'LAST(255)',
    ],
    [
      'enum with a hostile name',
      (table) => table.enum('e', 1, false, [{ name: '\x1b"', value: 1n }]),
      Buffer.of(1),
      '\\x1b"(1)',
    ],
    [
      'ENUM64',
      (table) => table.enum('e', 8, false, [{ name: 'ALL', value: (1n << 64n) - 1n }]),
      ones(8),
      'ALL(18446744073709551615)',
    ],
  ])('shows a %s', (_, add, bytes, expected) => {
    expect(cell(add, bytes)).toBe(expected);
  });
});
