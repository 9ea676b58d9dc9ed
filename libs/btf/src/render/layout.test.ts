import { EcliError } from '@ecli/core';
import { describe, expect, test } from '@jest/globals';
import { TypeTable } from '../../test/render/type-table.ts';
import { layoutOf, type Layout } from './layout.ts';

function refusal(table: TypeTable, id: number): string {
  try {
    layoutOf(table, id);
  } catch (error) {
    if (error instanceof EcliError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'no error';
}

function names({ fields }: Layout): string[] {
  return fields.map(({ name, bitOffset, bitSize }) => `${name}@${bitOffset}:${bitSize}`);
}

describe('layoutOf', () => {
  test('looks through typedefs and qualifiers', () => {
    const table = new TypeTable();
    const struct = table.struct('event', [['pid', table.typedef('pid_t', table.int('int', 4, true))]]);
    const alias = table.typedef('event_t', table.add({ kind: 'const', name: '', target: struct }));
    expect(layoutOf(table, alias)).toMatchObject({ spelling: 'event_t', size: 4, fields: [{ name: 'pid' }] });
  });

  test('takes members of anonymous structs and unions for members of what holds them', () => {
    const table = new TypeTable();
    const int = table.int('int', 4, true);
    const inner = table.composite('struct', '', 8, [
      ['b', int, 0],
      ['c', int, 32, 3],
    ]);
    const union = table.composite('union', '', 8, [
      ['', inner, 0],
      ['d', int, 0],
    ]);
    const event = table.composite('struct', 'event', 16, [
      ['a', int, 0],
      ['', union, 64],
    ]);
    expect(names(layoutOf(table, event))).toEqual(['a@0:0', 'b@64:0', 'c@96:3', 'd@64:0']);
  });

  test('takes unnamed bit-fields for padding', () => {
    const table = new TypeTable();
    const int = table.int('int', 4, true);
    const event = table.composite('struct', 'event', 4, [
      ['a', int, 0, 3],
      ['', int, 3, 5],
      ['b', int, 8, 8],
    ]);
    expect(names(layoutOf(table, event))).toEqual(['a@0:3', 'b@8:8']);
  });

  test.each<[string, (table: TypeTable) => number, string]>([
    ['u32', (table) => table.typedef('u32', table.int('unsigned int', 4, false)), 'u32'],
    ['an array', (table) => table.array(table.int('int', 4, true), 3), 'int[3]'],
    ['a union', (table) => table.composite('union', 'u', 4, []), 'union u'],
    ['an enum', (table) => table.enum('e', 4, false, []), 'enum e'],
    ['a pointer', (table) => table.pointer(table.int('int', 4, true)), 'int *'],
  ])('has one field for %s, named by the type', (_, make, name) => {
    const table = new TypeTable();
    expect(layoutOf(table, make(table)).fields.map((field) => field.name)).toEqual([name]);
  });

  test.each<[string, (table: TypeTable) => number, string]>([
    ['void', () => 0, 'a value of type void'],
    [
      'a function',
      (table) => table.add({ kind: 'function', name: 'f', prototype: 0, linkage: 0 }),
      'function f',
    ],
    ['a forward', (table) => table.add({ kind: 'forward', name: 'sock', of: 'struct' }), 'forward sock'],
    ['an odd integer', (table) => table.int('odd', 3, false), 'an integer of 3 bytes'],
    ['a long double', (table) => table.float(16), 'a float of 16 bytes'],
  ])('refuses a member that is %s, naming it', (_, make, reason) => {
    const table = new TypeTable();
    const list = table.array(make(table), 2);
    const inner = table.composite('struct', 'inner', 64, [['bad\n', list, 0]]);
    const event = table.composite('struct', 'event', 64, [['inner', inner, 0]]);
    expect(refusal(table, event)).toMatch(
      new RegExp(`^PACKAGE_INVALID struct event\\.inner\\.bad\\\\n\\[\\]: .*${reason}.* can't be shown$`),
    );
  });

  test('refuses what is nested too deep, also by way of a type seen before', () => {
    const table = new TypeTable();
    let id = table.int('int', 4, true);
    const shallow: number[] = [];
    for (let level = 0; level < 40; level++) {
      id = table.struct(`s${level}`, [['inner', id]]);
      shallow.push(id);
    }
    expect(refusal(table, id)).toMatch(/^PACKAGE_INVALID .*: nested more than 32 levels deep$/);
    const flat = shallow.map((type, index) => [`m${index}`, type, 0] as const);
    const event = table.composite('union', 'event', 4, flat);
    expect(refusal(table, event)).toMatch(/^PACKAGE_INVALID .*: nested more than 32 levels deep$/);
  });

  test('refuses a struct that contains itself', () => {
    const table = new TypeTable();
    const event = table.composite('struct', 'event', 8, [['self', table.types.length, 0]]);
    expect(refusal(table, event)).toMatch(/^PACKAGE_INVALID struct event\.self\.self/);
  });

  test('refuses members past the end', () => {
    const table = new TypeTable();
    const event = table.composite('struct', 'event', 8, [['late', table.int('int', 8, true), 8]]);
    expect(refusal(table, event)).toMatch(/^OBJECT_INVALID .*late/);
  });

  test('refuses a sample past a megabyte', () => {
    const table = new TypeTable();
    const event = table.struct('event', [
      ['blob', table.array(table.int('unsigned char', 1, false), 1 << 21)],
    ]);
    expect(refusal(table, event)).toBe(
      'PACKAGE_INVALID struct event: 2097152 bytes are more than one event can have (1048576)',
    );
  });

  test('refuses more members than any type has, in time that does not double with each level', () => {
    const table = new TypeTable();
    let id = table.struct('', [['x', table.int('int', 4, true)]]);
    for (let level = 0; level < 30; level++) {
      id = table.composite('union', '', 4, [
        ['', id, 0],
        ['', id, 0],
      ]);
    }
    expect(refusal(table, id)).toMatch(/^PACKAGE_INVALID .*more than 16384 members$/);
  });

  test('refuses anonymous structs that hold the same members many times over, before it lists them', () => {
    const table = new TypeTable();
    const char = table.int('unsigned char', 1, false);
    const inner = table.composite(
      'struct',
      '',
      4_000,
      Array.from({ length: 4_000 }, (_, index) => [`m${index}`, char, 8 * index] as const),
    );
    const repeated = Array.from({ length: 60_000 }, () => ['', inner, 0] as const);
    const event = table.composite('union', 'event', 4_000, repeated);
    expect(refusal(table, event)).toMatch(/^PACKAGE_INVALID .*more than 16384 members$/);
  });

  test('refuses many enums whose names fill the memory together', () => {
    const table = new TypeTable();
    const name = 'x'.repeat(4_000);
    const members = Array.from({ length: 10 }, (_, index) => {
      const values = Array.from({ length: 100 }, (_value, value) => ({ name, value: BigInt(value) }));
      return [`m${index}`, table.enum(`e${index}`, 4, false, values)] as const;
    });
    expect(refusal(table, table.struct('event', members.slice(0, 2)))).toBe('no error');
    expect(refusal(table, table.struct('event', members))).toMatch(/^PACKAGE_INVALID .*characters of names/);
  });

  test('refuses names longer than any compiler makes', () => {
    const table = new TypeTable();
    const event = table.struct('event', [['x'.repeat(5_000), table.int('int', 4, true)]]);
    expect(refusal(table, event)).toBe(
      'PACKAGE_INVALID struct event: a name of 5000 characters is too long (4096)',
    );
  });
});
