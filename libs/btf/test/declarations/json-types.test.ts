import { describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { compileJsonRow, entryLayout, jsonSchema, layoutOf, typeScriptTypes } from '../../src/index.ts';
import { cases } from '../render/arbitrary-types.ts';
import { rendered } from '../render/rendered.ts';
import { TypeTable } from '../render/type-table.ts';
import { typeErrors } from './type-check.ts';

const table = new TypeTable();
const int = table.int('int', 4, true);
const u64 = table.int('unsigned long long', 8, false);
const kind = table.enum('kind', 4, false, [
  { name: 'KIND_A', value: 0n },
  { name: 'KIND_B', value: 7n },
]);
const peer = table.struct('peer', [
  ['mac', table.array(table.int('unsigned char', 1, false), 6)],
  ['port', int],
]);
const event = table.struct('my_event', [
  ['pid', int],
  ['at', u64],
  ['large', table.int('__int128', 16, true)],
  ['comm', table.string(16)],
  ['kind', kind],
  ['load', table.float(8)],
  ['exited', table.bool()],
  ['peers', table.array(peer, 2)],
]);

const TYPES = `export type Kind =
  | 'KIND_A(0)'
  | 'KIND_B(7)'
  | \`<UNKNOWN_VARIANT>(\${bigint})\`;

export interface Peer {
  __EUNOMIA_TYPE: 'struct';
  __EUNOMIA_TYPE_NAME: 'peer';
  mac: Array<number>;
  port: number;
}

/** A line of JSON: struct my_event, 77 bytes in the kernel. */
export interface MyEvent {
  pid: number;
  /** unsigned 64-bit: JSON.parse rounds it past 2^53 (the JSON itself is exact) */
  at: number;
  /** 128 bits, as a decimal number in a string */
  large: \`\${bigint}\`;
  comm: string;
  kind: Kind;
  /** null where it is not a finite number */
  load: number | null;
  exited: boolean;
  peers: Array<Peer>;
}`;

const ENTRY = `export interface Counts {
  key: {
    int: number;
  };
  value: Array<{
    mac: Array<number>;
    port: number;
  }>;
}`;

describe('a JSON Schema', () => {
  test('says what lines of JSON are', () => {
    expect(jsonSchema(layoutOf(table, event))).toEqual({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: 'struct my_event',
      type: 'object',
      properties: {
        pid: { type: 'integer', minimum: -2147483648, maximum: 2147483647 },
        at: { type: 'integer', minimum: 0, maximum: 18446744073709551616 },
        large: { type: 'string', pattern: '^-?[0-9]{1,39}$' },
        comm: { type: 'string', maxLength: 16 },
        kind: {
          type: 'string',
          pattern: '^(?:KIND_A\\(0\\)|KIND_B\\(7\\)|<UNKNOWN_VARIANT>\\([0-9]+\\))$',
        },
        load: { type: ['number', 'null'] },
        exited: { type: 'boolean' },
        peers: { type: 'array', items: { $ref: '#/$defs/struct%20peer' }, minItems: 2, maxItems: 2 },
      },
      required: ['pid', 'at', 'large', 'comm', 'kind', 'load', 'exited', 'peers'],
      additionalProperties: false,
      $defs: {
        'struct peer': {
          type: 'object',
          properties: {
            __EUNOMIA_TYPE: { const: 'struct' },
            __EUNOMIA_TYPE_NAME: { const: 'peer' },
            mac: {
              type: 'array',
              items: { type: 'integer', minimum: 0, maximum: 255 },
              minItems: 6,
              maxItems: 6,
            },
            port: { type: 'integer', minimum: -2147483648, maximum: 2147483647 },
          },
          required: ['__EUNOMIA_TYPE', '__EUNOMIA_TYPE_NAME', 'mac', 'port'],
          additionalProperties: false,
        },
      },
    });
  });

  test('of any type is valid and takes all its lines', () => {
    fc.assert(
      fc.property(cases, ({ table: types, typeId, samples }) => {
        const layout = layoutOf(types, typeId);
        // Ajv treats this name in `properties` as JavaScript does in literals.
        fc.pre(!JSON.stringify(types.types.map(({ name }) => name)).includes('__proto__'));
        const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
        const validate = ajv.compile(jsonSchema(layout));
        const renderer = compileJsonRow(layout);
        for (const sample of samples) {
          validate(JSON.parse(rendered(renderer, sample)));
          expect(validate.errors).toBeNull();
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('TypeScript types', () => {
  test('say what JSON.parse makes of lines', () => {
    const exports = [{ name: 'my_event', layout: layoutOf(table, event) }];
    expect(typeScriptTypes(exports)).toEqual({ names: ['MyEvent'], text: TYPES });
  });

  test('are declared once where two exports share them', () => {
    const entries = entryLayout(table, { keyType: int, valueType: peer, cpus: 2 });
    const { text, names } = typeScriptTypes([
      { name: 'my_event', layout: layoutOf(table, event) },
      { name: 'my event', layout: layoutOf(table, event) },
      { name: 'counts', layout: entries },
    ]);
    expect(names).toEqual(['MyEvent', 'MyEvent2', 'Counts']);
    expect(text.match(/interface Peer /g)).toHaveLength(1);
    expect(text).toContain(ENTRY);
    expect(typeErrors(text)).toEqual([]);
  });

  test('of any types compile, and take their lines', () => {
    const seed = Math.floor(Math.random() * 0x7fff_ffff);
    const modules = fc
      .sample(cases, { numRuns: 150, seed })
      .map(({ table: types, typeId, samples }, index) => {
        const layout = layoutOf(types, typeId);
        const { text, names } = typeScriptTypes([{ name: 'event', layout }]);
        const renderer = compileJsonRow(layout);
        const lines = samples.map((sample) => rendered(renderer, sample).trim());
        const values = lines.map(
          (line, at) => `const line${at}: ${names[0]} = ${JSON.stringify(JSON.parse(line))};`,
        );
        // A namespace for each, so that one run of the compiler serves all.
        return `namespace Case${index} {\n${text}\n${values.join('\n')}\n}`;
      });
    expect({ seed, errors: typeErrors(modules.join('\n')) }).toEqual({ seed, errors: [] });
  }, 60_000);

  test('let no name of a package out of its place', () => {
    const hostile = '*/ evil(); /*\u2028\n`${evil()}`"\'\\';
    const types = new TypeTable();
    const inner = types.struct(hostile, [[hostile, types.int('int', 4, true)]]);
    const choice = types.enum(hostile, 4, false, [{ name: hostile, value: 1n }]);
    const outer = types.struct(hostile, [
      [hostile, inner],
      ['choice', choice],
    ]);
    const { text } = typeScriptTypes([{ name: hostile, layout: layoutOf(types, outer) }]);
    expect(typeErrors(text)).toEqual([]);
    expect(text.split('\n').filter((line) => line.includes('evil')).length).toBeGreaterThan(3);
  });
});
