import { ArgumentError, printable } from '@ecli/core';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileFilter } from '../../src/filter/sample-filter.ts';
import { layoutOf } from '../../src/render/layout.ts';
import { sampleMemory } from '../../src/render/renderer.ts';
import { cases } from '../render/arbitrary-types.ts';
import { TypeTable } from '../render/type-table.ts';
import { FilterDrawer, membersOf } from './arbitrary-filters.ts';

/** So that samples lie at each alignment, after bytes that aren't theirs. */
function at(offset: number, bytes: Uint8Array): Uint8Array {
  const memory = new Uint8Array(offset + bytes.length).fill(0xa5);
  memory.set(bytes, offset);
  return memory;
}

describe('filters of random types, members and bytes', () => {
  test('hold where the plain meaning of their text does', () => {
    let held = 0;
    let asked = 0;
    fc.assert(
      fc.property(cases, fc.gen(), fc.nat({ max: 7 }), ({ table, typeId, samples }, draw, offset) => {
        const layout = layoutOf(table, typeId);
        const members = membersOf(layout);
        const [sample] = samples;
        if (members.length === 0 || !sample) return;
        const { text, holds } = new FilterDrawer(draw, members, sample).filter();
        const filter = compileFilter(layout, [text]);
        for (const bytes of samples) {
          const matches = filter.matches(sampleMemory(at(offset, bytes)), offset);
          expect({ text, matches }).toEqual({ text, matches: holds(bytes) });
          held += Number(matches);
          asked++;
        }
      }),
      { numRuns: 2_000 },
    );
    // Neither always nor never, or the test would show little.
    expect(held / asked).toBeGreaterThan(0.2);
    expect(held / asked).toBeLessThan(0.8);
  });
});

const HOSTILE = [
  "');globalThis.owned=1;('",
  '`${globalThis.owned=1}`',
  '*/globalThis.owned=1/*',
  '__proto__',
  'constructor',
  'toString',
  'a\nglobalThis.owned=1\n',
  'a\u2028globalThis.owned=1',
  '\\u0027);globalThis.owned=1;(',
];

describe('hostile filters and names', () => {
  const table = new TypeTable();
  const values = HOSTILE.map((name, index) => ({ name, value: BigInt(index) }));
  const hostile = table.enum("e');globalThis.owned=1;('", 4, false, values);
  const event = table.struct('event', [
    ['comm', table.string(64)],
    ['kind', hostile],
    ...HOSTILE.map((name) => [name, table.int('int', 4, true)] as const),
  ]);
  const layout = layoutOf(table, event);
  const memory = sampleMemory(new Uint8Array(layout.size));

  /** What compiles is run; what doesn't says so as an ArgumentError. */
  function attempt(text: string): void {
    try {
      compileFilter(layout, [text]).matches(memory, 0);
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      const said = `${error.message}${error.hint}`.replaceAll('\n', '');
      expect(said).toBe(printable(said));
    }
    expect(globalThis).not.toHaveProperty('owned');
  }

  test.each(HOSTILE)('never become code: %j', (name) => {
    attempt(name);
    attempt(`${name}==1`);
    attempt(`comm==${name}`);
    attempt(`comm~${name}`);
    attempt(`comm~"${name}"`);
    attempt(`comm=="${name}"`);
    attempt(`kind==${name}`);
    attempt(`kind=="${name}"`);
    attempt(`kind & ${name}`);
    attempt(`comm.${name}==1`);
  });

  test('know members by the names that objects have anyway only where there are such members', () => {
    const plain = layoutOf(table, table.struct('plain', [['pid', table.int('int', 4, true)]]));
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(() => compileFilter(plain, [`${name}==1`])).toThrow(ArgumentError);
      expect(() => compileFilter(plain, [`pid==${name}`])).toThrow(ArgumentError);
      expect(compileFilter(layout, ['__proto__==0']).matches(memory, 0)).toBe(true);
    }
  });

  const piece = fc.oneof(
    fc.constantFrom('comm', 'kind', '__proto__', '==', '!=', '<', '~', '!~', '&', '&&', '||', '!', '(', ')'),
    fc.constantFrom(
      "'",
      '"',
      '\\',
      '[',
      ']',
      '0x',
      '1',
      '-1',
      '1e9',
      'and',
      'or',
      'not',
      ' ',
      '.',
      'true',
      '{',
    ),
    fc.constantFrom(...HOSTILE),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );

  test('never fail otherwise than by an ArgumentError', () => {
    const random = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
    fc.assert(fc.property(random, attempt), { numRuns: 20_000 });
  });
});
