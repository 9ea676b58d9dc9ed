import { EcliError } from '@ecli/core';
import { describe, expect, test } from '@jest/globals';
import { TypeTable } from '../../test/render/type-table.ts';
import { entryLayout, layoutOf, type Layout, layoutOfMembers, type PlacedMember } from './layout.ts';

function refusal(table: TypeTable, id: number): string {
  return refused(() => layoutOf(table, id));
}

function refused(lay: () => Layout): string {
  try {
    lay();
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

describe('layoutOfMembers', () => {
  const table = new TypeTable();
  const u32 = table.typedef('u32', table.int('unsigned int', 4, false));
  const point = table.struct('point', [
    ['x', u32],
    ['y', u32],
  ]);
  const self = table.composite('struct', 'self', 8, [['again', table.types.length, 0]]);
  const loop = table.types.length;
  table.typedef('loop', loop);
  const forward = table.add({ kind: 'forward', name: 'sock', of: 'struct' });
  const late = table.composite('struct', 'late', 4, [['z', u32, 8]]);

  function lay(members: readonly PlacedMember[], size?: number): Layout {
    return layoutOfMembers(table.btf(), { name: 'map events', size }, members);
  }

  test('places members where the package says, in its order', () => {
    const layout = lay([
      { name: 'b', offset: 6, typeId: u32 },
      { name: 'a', offset: 0, typeId: point },
    ]);
    expect(layout).toMatchObject({ spelling: 'map events', size: 10 });
    expect(names(layout)).toEqual(['b@48:0', 'a@0:0']);
    expect(lay([{ name: 'a', offset: 0, typeId: u32 }], 32).size).toBe(32);
  });

  test.each<[string, Partial<PlacedMember>, string]>([
    ['past the end', { offset: 13 }, '4 bytes at 13 are past the end of its sample, which has 16'],
    ['at a negative offset', { offset: -1 }, 'its offset, -1, is no number of bytes'],
    ['between bytes', { offset: 0.5 }, 'its offset, 0.5, is no number of bytes'],
    ['at no number', { offset: Number.NaN }, 'its offset, NaN, is no number of bytes'],
    ['of a type that is not there', { typeId: 999 }, 'BTF: there is no type 999 among'],
    ['of a negative type', { typeId: -1 }, 'BTF: there is no type -1 among'],
    ['of void', { typeId: 0 }, "a value of type void can't be shown"],
    ['of a type that is only declared', { typeId: forward }, "a value of type forward sock can't be shown"],
    ['that contains itself', { typeId: self }, 'nested more than 32 levels deep'],
    ['of a typedef of itself', { typeId: loop }, 'its typedefs or qualifiers go in a circle'],
    ['whose own members are past its end', { typeId: late }, 'does not fit into 4 bytes'],
    ['named as another', { name: 'first' }, 'there are two members of this name'],
  ])('refuses a member %s', (_, change, reason) => {
    const first = { name: 'first', offset: 0, typeId: u32 };
    const refusal = refused(() => lay([first, { name: 'x\n', offset: 4, typeId: u32, ...change }], 16));
    expect(refusal).toMatch(/^PACKAGE_INVALID map events\.(x\\n|first)(\.again)*…?: /);
    expect(refusal).toContain(reason);
  });

  test('refuses a sample past a megabyte', () => {
    expect(refused(() => lay([{ name: 'a', offset: 1 << 20, typeId: u32 }]))).toMatch(
      /1048580 bytes are more than/,
    );
    expect(refused(() => lay([], (1 << 20) + 1))).toMatch(/1048577 bytes are more than/);
  });
});

describe('entryLayout', () => {
  const table = new TypeTable();
  const u8 = table.int('u8', 1, false);
  const triple = table.struct('triple', [['bytes', table.array(u8, 3)]]);

  test('puts the value at the next multiple of eight', () => {
    const layout = entryLayout(table, { keyType: table.array(u8, 9), valueType: triple });
    expect(layout).toMatchObject({ spelling: 'u8[9] and struct triple', size: 19, isEntry: true });
    expect(names(layout)).toEqual(['key@0:0', 'value@128:0']);
  });

  test('puts the values of CPUs at multiples of eight, and counts the last one whole', () => {
    const layout = entryLayout(table, { keyType: u8, valueType: triple, cpus: 4 });
    expect(layout.size).toBe(8 + 4 * 8);
    expect(layout.fields[1]?.shape).toMatchObject({ kind: 'array', length: 4, stride: 8, size: 32 });
  });

  test('has no key where the map has none', () => {
    expect(names(entryLayout(table, { valueType: u8 }))).toEqual(['value@0:0']);
  });

  test('names the side whose type cannot be shown', () => {
    const forward = table.add({ kind: 'forward', name: 'sock', of: 'struct' });
    expect(refused(() => entryLayout(table, { keyType: forward, valueType: u8 }))).toBe(
      "PACKAGE_INVALID struct sock and u8: key: a value of type forward sock can't be shown",
    );
    expect(refused(() => entryLayout(table, { keyType: u8, valueType: 0 }))).toMatch(
      /: value: a value of type void/,
    );
  });

  test('refuses values that are too many', () => {
    expect(refused(() => entryLayout(table, { valueType: u8, cpus: 1 << 18 }))).toMatch(
      /are more than one event/,
    );
  });
});
