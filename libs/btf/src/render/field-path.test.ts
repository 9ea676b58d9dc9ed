import { ArgumentError } from '@ecli/core';
import { describe, expect, test } from '@jest/globals';
import { rendered } from '../../test/render/rendered.ts';
import { TypeTable } from '../../test/render/type-table.ts';
import { fieldAt } from './field-path.ts';
import { compileJsonRow } from './json-row.ts';
import { entryLayout, type Layout, layoutOf } from './layout.ts';
import { flattened, selectFields } from './select-fields.ts';
import { compileTextRow } from './text-row.ts';

const table = new TypeTable();
const u8 = table.int('u8', 1, false);
const u32 = table.int('u32', 4, false);
const port = table.struct('port', [
  ['high', u8],
  ['low', u8],
]);
const bits = table.composite('struct', 'bits', 1, [
  ['a', u8, 0, 3],
  ['b', u8, 3, 5],
]);
const event = table.struct('event', [
  ['pid', u32],
  ['comm', table.string(4)],
  ['ports', table.array(port, 2)],
  ['grid', table.array(table.array(u8, 2), 2)],
  ['bits', bits],
]);
const layout = layoutOf(table, event);
const sample = Buffer.from([1, 0, 0, 0, 0x61, 0x62, 0, 0, 10, 11, 20, 21, 1, 2, 3, 4, 0b11111_001]);

function refusal(of: Layout, path: string): ArgumentError {
  try {
    fieldAt(of, path);
  } catch (error) {
    if (error instanceof ArgumentError) return error;
    throw error;
  }
  throw new Error(`${path} leads somewhere`);
}

describe('selectFields', () => {
  test('takes members, in the order asked for, under the paths as written', () => {
    const chosen = selectFields(layout, ['comm', 'ports[1].low', 'grid[1][0]', 'grid[1]', 'bits.b', 'pid']);
    expect(rendered(compileJsonRow(chosen), sample)).toBe(
      '{"comm":"ab","ports[1].low":21,"grid[1][0]":3,"grid[1]":[3,4],"bits.b":31,"pid":1}\n',
    );
    expect(compileTextRow(selectFields(layout, ['ports[0].low'])).header.trim()).toMatch(/PORTS\[0\]\.LOW$/);
  });

  test('takes a member that is named twice once', () => {
    expect(selectFields(layout, ['pid', 'comm', 'pid']).fields.map(({ name }) => name)).toEqual([
      'pid',
      'comm',
    ]);
  });

  test('makes of an entry rows like those of events', () => {
    const entry = entryLayout(table, { keyType: u32, valueType: port });
    const chosen = selectFields(entry, ['value.low', 'key', 'value']);
    expect(chosen.isEntry).toBeUndefined();
    expect(rendered(compileJsonRow(chosen), Buffer.from([9, 0, 0, 0, 0, 0, 0, 0, 1, 2]))).toBe(
      '{"value.low":2,"key":9,"value":{"high":1,"low":2}}\n',
    );
  });

  test('reaches the values of single CPUs', () => {
    const entry = entryLayout(table, { keyType: u32, valueType: u32, cpus: 2 });
    const chosen = selectFields(entry, ['value[1]', 'value', 'key.u32', 'value[0].u32']);
    const bytes = Buffer.alloc(24);
    [1, 2, 3].forEach((value, index) => bytes.writeUInt32LE(value, 8 * index));
    expect(rendered(compileJsonRow(chosen), bytes)).toBe(
      '{"value[1]":3,"value":[2,3],"key.u32":1,"value[0].u32":2}\n',
    );
  });

  test('reaches into what is named by its type, brackets and all', () => {
    const array = layoutOf(table, table.array(u8, 3));
    expect(rendered(compileJsonRow(selectFields(array, ['u8[3]', 'u8[3][1]'])), Buffer.of(1, 2, 3))).toBe(
      '{"u8[3]":[1,2,3],"u8[3][1]":2}\n',
    );
  });
});

describe('fieldAt', () => {
  test.each([
    ['pidd', 'did you mean pid? '],
    ['ports[0].hgh', ''],
    ['bits.bb', 'did you mean bits.b or bits.a or bits? '],
    ['ports[2]', 'did you mean ports? '],
    ['grid[0][2]', ''],
    ['comm[0]', 'did you mean comm? '],
    ['pid.x', 'did you mean pid'],
    ['pid[0]', ''],
    ['ports.high', ''],
    ['ports[', 'did you mean ports? '],
    ['ports[-1]', ''],
    ['.pid', 'did you mean pid'],
    ['', ''],
  ])('refuses %j', (path, near) => {
    const error = refusal(layout, path);
    expect(error.message).toBe(`${path}: struct event has no such member`);
    expect(error.hint).toContain('members: pid, comm, ports, grid, bits, bits.a, bits.b');
    if (near !== '') expect(error.hint).toContain(near);
    expect(error.known).toEqual(['pid', 'comm', 'ports', 'grid', 'bits', 'bits.a', 'bits.b']);
  });

  test("names an entry's members", () => {
    const entry = entryLayout(table, { keyType: u32, valueType: port });
    expect(refusal(entry, 'count').known).toEqual(['key', 'value', 'value.high', 'value.low']);
  });

  test('lists only as many as anyone reads', () => {
    const wide = new TypeTable();
    let id = wide.struct('s', [['x', wide.bool()]]);
    for (let level = 0; level < 12; level++) {
      const members = ['a', 'b', 'c'].map((name) => [name, id, 0] as const);
      id = wide.composite('union', 'u', 1, members);
    }
    const error = refusal(layoutOf(wide, wide.struct('event', [['u', id]])), 'z');
    expect(error.known.length).toBe(1000);
  });
});

describe('flattened', () => {
  test('leaves events as they are', () => {
    expect(flattened(layout)).toBe(layout);
  });
});
