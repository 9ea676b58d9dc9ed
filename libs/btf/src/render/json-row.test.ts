import { printable } from '@ecli/core';
import { describe, expect, test } from '@jest/globals';
import { BtfBuilder, Kind } from '../../test/btf-builder.ts';
import { rendered } from '../../test/render/rendered.ts';
import { TypeTable } from '../../test/render/type-table.ts';
import { Btf } from '../btf.ts';
import { compileJsonRow } from './json-row.ts';
import { sampleMemory } from './renderer.ts';
import { compileTextRow } from './text-row.ts';
import { entryLayout, layoutOf } from './layout.ts';

const HOSTILE_NAMES = [
  'a"];require("fs").writeFileSync("/tmp/owned","")//',
  '`+globalThis.owned()+`',
  '${globalThis.owned()}',
  "'+globalThis.owned()+'",
  '*/globalThis.owned()/*',
  'a\nglobalThis.owned()\n',
  'a\u2028globalThis.owned()',
  '\\u0022);globalThis.owned();(',
  '__proto__',
  'constructor',
  '\x1b]0;owned\x07',
];

describe('compileJsonRow', () => {
  test('keeps declaration order and exact numbers', () => {
    const table = new TypeTable();
    const event = table.struct('event', [
      ['zeta', table.int('unsigned long long', 8, false)],
      ['alpha', table.int('__int128', 16, true)],
      ['none', table.float(8)],
      ['ok', table.bool()],
    ]);
    const sample = Buffer.alloc(33, 0xff);
    expect(rendered(compileJsonRow(layoutOf(table, event)), sample)).toBe(
      '{"zeta":18446744073709551615,"alpha":"-1","none":null,"ok":true}\n',
    );
  });

  test('nests structs, unions and arrays, each with its kind and name', () => {
    const table = new TypeTable();
    const short = table.int('short', 2, true);
    const point = table.struct('point', [
      ['x', short],
      ['y', short],
    ]);
    const either = table.composite('union', '', 4, [
      ['p', point, 0],
      ['words', table.array(short, 2), 0],
    ]);
    const event = table.struct('event', [
      ['either', either],
      ['grid', table.array(table.array(point, 2), 1)],
      ['nothing', table.struct('nothing', [])],
    ]);
    const sample = Buffer.from([1, 0, 0xff, 0xff, 2, 0, 3, 0, 4, 0, 5, 0]);
    const row = rendered(compileJsonRow(layoutOf(table, event)), sample);
    const at = (x: number, y: number): object => ({
      __EUNOMIA_TYPE: 'struct',
      __EUNOMIA_TYPE_NAME: 'point',
      x,
      y,
    });
    expect(JSON.parse(row)).toEqual({
      either: { __EUNOMIA_TYPE: 'union', __EUNOMIA_TYPE_NAME: '', p: at(1, -1), words: [1, -1] },
      grid: [[at(2, 3), at(4, 5)]],
      nothing: { __EUNOMIA_TYPE: 'struct', __EUNOMIA_TYPE_NAME: 'nothing' },
    });
  });

  test('reads bit-fields, signed and not, also across bytes', () => {
    const table = new TypeTable();
    const signed = table.int('int', 4, true);
    const unsigned = table.int('unsigned long long', 8, false);
    const event = table.composite('struct', 'event', 16, [
      ['sign', signed, 0, 1],
      ['three', signed, 1, 3],
      ['wide', unsigned, 4, 37],
      ['flag', table.bool(), 41, 1],
      ['kind', table.enum('e', 4, false, [{ name: 'TWO', value: 2n }]), 42, 2],
    ]);
    const value = 1n | (0b011n << 1n) | (0x1234567890n << 4n) | (1n << 41n) | (2n << 42n);
    const sample = Buffer.alloc(16);
    sample.writeBigUInt64LE(value);
    expect(rendered(compileJsonRow(layoutOf(table, event)), sample)).toBe(
      '{"sign":-1,"three":3,"wide":78187493520,"flag":true,"kind":"TWO(2)"}\n',
    );
  });

  test('reads the bit-fields of old compilers, whose widths stand in their types', () => {
    const builder = new BtfBuilder();
    const bits = (encoding: number, offset: number, width: number): number =>
      builder.add(Kind.INT, { name: 'bits', word: 4, extra: [(encoding << 24) | (offset << 16) | width] });
    const event = builder.struct('event', 4, [
      { name: 'low', type: bits(0, 0, 3), bit: 0 },
      { name: 'sign', type: bits(1, 0, 5), bit: 3 },
      { name: 'flag', type: bits(4, 0, 1), bit: 8 },
      { name: 'late', type: bits(0, 4, 6), bit: 8 },
    ]);
    const sample = Buffer.alloc(4);
    sample.writeUInt32LE(5 | (0b11110 << 3) | (1 << 8) | (0b101101 << 12));
    const layout = layoutOf(Btf.parse(builder.bytes()), event);
    expect(rendered(compileJsonRow(layout), sample)).toBe('{"low":5,"sign":-2,"flag":true,"late":45}\n');
  });

  test('names a lone scalar by its type', () => {
    const table = new TypeTable();
    const u32 = table.typedef('u32', table.int('unsigned int', 4, false));
    expect(rendered(compileJsonRow(layoutOf(table, u32)), Buffer.alloc(4, 0xff))).toBe(
      '{"u32":4294967295}\n',
    );
  });

  test('copies long names and many of them', () => {
    const table = new TypeTable();
    const bool = table.bool();
    const event = table.struct(
      'event',
      Array.from({ length: 300 }, (_, index) => [`${index}${'é'.repeat(index)}`, bool] as const),
    );
    const row = JSON.parse(rendered(compileJsonRow(layoutOf(table, event)), Buffer.alloc(300, 1))) as object;
    expect(Object.keys(row).map((key) => key.length)).toContain(302);
    expect(new Set(Object.values(row))).toEqual(new Set([true]));
  });

  test('shows an entry as its key and its value, each an object', () => {
    const table = new TypeTable();
    const u32 = table.int('u32', 4, false);
    const inner = table.struct('inner', [['x', u32]]);
    const stats = table.struct('stats', [
      ['count', u32],
      ['inner', inner],
    ]);
    const entry = Buffer.alloc(16);
    [0xffffffff, 0, 2, 3].forEach((value, index) => entry.writeUInt32LE(value, 4 * index));
    const layout = entryLayout(table, { keyType: u32, valueType: stats });
    const key = '{"u32":4294967295}';
    const value = '{"count":2,"inner":{"__EUNOMIA_TYPE":"struct","__EUNOMIA_TYPE_NAME":"inner","x":3}}';
    expect(rendered(compileJsonRow(layout), entry)).toBe(`{"key":${key},"value":${value}}\n`);
    expect(rendered(compileTextRow(layout), entry)).toBe(` ${key} ${value}\n`);
  });

  test("shows all CPUs' values of an entry as an array", () => {
    const table = new TypeTable();
    const u32 = table.int('u32', 4, false);
    const entry = Buffer.alloc(24, 0xee);
    [1, 2, 3].forEach((value, index) => entry.writeUInt32LE(value, 8 * index));
    const renderer = compileJsonRow(entryLayout(table, { keyType: u32, valueType: u32, cpus: 2 }));
    expect(rendered(renderer, entry)).toBe('{"key":{"u32":1},"value":[{"u32":2},{"u32":3}]}\n');
  });

  test('wraps the object in one by the name of its map, and begins with the time', () => {
    const table = new TypeTable();
    const layout = layoutOf(table, table.struct('event', [['ok', table.bool()]]));
    const wrapped = compileJsonRow(layout, { map: 'a"\n', timestamp: true });
    wrapped.setTimestamp('0.25');
    expect(rendered(wrapped, Buffer.of(1))).toBe('{"a\\"\\n":{"timestamp":"0.25","ok":true}}\n');
    wrapped.setTimestamp('');
    expect(rendered(wrapped, Buffer.of(1))).toBe('{"a\\"\\n":{"timestamp":"","ok":true}}\n');
    const empty = compileJsonRow(layoutOf(table, table.struct('empty', [])), { timestamp: true });
    empty.setTimestamp('09:07:07');
    expect(rendered(empty, new Uint8Array(0))).toBe('{"timestamp":"09:07:07"}\n');
  });

  test.each(HOSTILE_NAMES)('shows the name %j and never runs it', (name) => {
    const owned = { owned: () => expect('the name').toBe('never run') };
    Object.assign(globalThis, owned);
    const table = new TypeTable();
    const kind = table.enum(name, 1, false, [{ name, value: 1n }]);
    const inner = table.struct(name, [[name, kind]]);
    const event = table.struct(name, [
      [name, table.array(inner, 1)],
      ['last', kind],
    ]);
    const json = rendered(compileJsonRow(layoutOf(table, event)), Buffer.of(1, 1));
    const entries = Object.entries(JSON.parse(json) as object);
    expect(entries.at(0)?.[0]).toBe(name);
    expect(JSON.stringify(entries.at(0)?.[1])).toContain(JSON.stringify(`${name}(1)`));
    const text = compileTextRow(layoutOf(table, event));
    for (const line of [json, text.header, rendered(text, Buffer.of(1, 1))]) {
      expect(printable(line.replace(/\n$/, ''))).toBe(line.replace(/\n$/, ''));
    }
    Reflect.deleteProperty(globalThis, 'owned');
  });

  test('has room for a string of which every byte needs the longest escape', () => {
    const table = new TypeTable();
    const renderer = compileJsonRow(layoutOf(table, table.struct('event', [['s', table.string(32)]])));
    const row = rendered(renderer, Buffer.alloc(32, 1));
    expect(JSON.parse(row)).toEqual({ s: '\x01'.repeat(32) });
  });

  test('refuses a type whose rows could fill the memory', () => {
    const table = new TypeTable();
    const nothing = table.array(table.struct('nothing', []), 0xffff_ffff);
    const event = table.struct('event', [['many', nothing]]);
    expect(() => compileJsonRow(layoutOf(table, event))).toThrow(
      /^struct event: a row could take \d+ bytes, more than/,
    );
  });

  test('refuses a type whose code could fill the memory', () => {
    const table = new TypeTable();
    let nested = table.int('unsigned char', 1, false);
    for (let level = 0; level < 30; level++) nested = table.array(nested, 1);
    const members = Array.from({ length: 8_000 }, (_, index) => [`m${index}`, nested] as const);
    const event = table.struct('event', members);
    const refused = 'struct event: too intricate to be shown';
    expect(() => compileJsonRow(layoutOf(table, event))).toThrow(refused);
    expect(() => compileTextRow(layoutOf(table, event))).toThrow(refused);
  });

  test('writes on to another output when it changes', () => {
    const table = new TypeTable();
    const renderer = compileJsonRow(layoutOf(table, table.struct('event', [['ok', table.bool()]])));
    const memory = sampleMemory(Uint8Array.of(1));
    const outputs = [new Uint8Array(64), new Uint8Array(64), Buffer.alloc(128).subarray(40, 104)];
    for (const out of outputs) {
      const first = renderer.render(memory, 0, out, 0);
      const end = renderer.render(memory, 0, out, first);
      expect(Buffer.from(out.subarray(0, end)).toString()).toBe('{"ok":true}\n{"ok":true}\n');
    }
  });
});
