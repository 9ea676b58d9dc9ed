import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileCsvRow } from '../../src/render/csv-row.ts';
import { compileJsonRow } from '../../src/render/json-row.ts';
import { entryLayout, layoutOf } from '../../src/render/layout.ts';
import { type RowRenderer, sampleMemory } from '../../src/render/renderer.ts';
import { compileScreenRow } from '../../src/render/screen-row.ts';
import { selectFields } from '../../src/render/select-fields.ts';
import { compileTextRow } from '../../src/render/text-row.ts';
import { type Case, cases, entryCases, SAMPLES_A_TYPE } from './arbitrary-types.ts';
import { type Cell, Interpreter } from './interpreter.ts';
import {
  plainCsvHeader,
  plainCsvRow,
  plainJsonRow,
  plainScreenRow,
  plainTextHeader,
  plainTextRow,
} from './plain-rows.ts';

const OUTSIDE = 0xa5;

/** Nothing that a terminal acts on, and one line end. */
// eslint-disable-next-line no-control-regex -- control characters are what must not be there
const SAFE_LINE = /^[^\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]*\n$/;

/** Renders into memory that has exactly what was asked for, between guards, and samples at each alignment. */
function render(renderer: RowRenderer, bytes: Uint8Array, offset: number): string {
  const sample = new Uint8Array(offset + bytes.length);
  sample.set(bytes, offset);
  const guarded = new Uint8Array(5 + renderer.maxBytes).fill(OUTSIDE);
  const end = renderer.render(sampleMemory(sample), offset, guarded, 5);
  expect(guarded.subarray(0, 5).every((byte) => byte === OUTSIDE)).toBe(true);
  const row = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(guarded.subarray(5, end));
  expect(row).toMatch(SAFE_LINE);
  return row;
}

/** Types are read from BTF's bytes, while the interpreter has them as they were made. */
function forCases(count: number, check: (drawn: Case) => void): void {
  fc.assert(fc.property(cases, check), { numRuns: count / SAMPLES_A_TYPE });
}

describe('rows of random types and bytes', () => {
  test('are the text that the plain interpreter makes', () => {
    forCases(10_000, ({ table, typeId, samples }) => {
      const renderer = compileTextRow(layoutOf(table.btf(), typeId));
      expect(renderer.sampleSize).toBe(table.sizeOf(typeId));
      for (const bytes of samples) {
        const cells = new Interpreter(table, bytes).cells(typeId);
        expect(renderer.header).toBe(plainTextHeader(cells));
        expect(render(renderer, bytes, 8)).toBe(plainTextRow(cells));
      }
    });
  });

  test('are the JSON that the plain interpreter makes, and well-formed', () => {
    forCases(10_000, ({ table, typeId, samples }) => {
      const renderer = compileJsonRow(layoutOf(table.btf(), typeId));
      for (const bytes of samples) {
        const row = render(renderer, bytes, 8);
        expect(row).toBe(plainJsonRow(new Interpreter(table, bytes).cells(typeId)));
        expect(() => void JSON.parse(row)).not.toThrow();
      }
    });
  });

  test('are the CSV that the plain interpreter makes', () => {
    forCases(4_000, ({ table, typeId, samples }) => {
      const renderer = compileCsvRow(layoutOf(table.btf(), typeId));
      for (const bytes of samples) {
        const cells = new Interpreter(table, bytes).cells(typeId);
        expect(renderer.header).toBe(plainCsvHeader(cells));
        expect(render(renderer, bytes, 8)).toBe(plainCsvRow(cells));
      }
    });
  });

  test('are on a screen what the plain interpreter makes, and in colours the same', () => {
    forCases(4_000, ({ table, typeId, samples }) => {
      const layout = layoutOf(table.btf(), typeId);
      const plain = compileScreenRow(layout, { colors: false });
      const colored = compileScreenRow(layout, { colors: true });
      const widths: number[] = [];
      for (const bytes of samples) {
        const row = plainScreenRow(new Interpreter(table, bytes).cells(typeId), widths);
        expect(render(plain, bytes, 8)).toBe(row);
        expect(withoutColors(colored, bytes)).toBe(row);
      }
    });
  });

  test('show the members that paths lead to', () => {
    const choices = fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    });
    const property = fc.property(cases, choices, ({ table, typeId, samples }, ways) => {
      const chosen = (bytes: Uint8Array): Cell[] => {
        const interpreter = new Interpreter(table, bytes);
        const cells = ways.flatMap((way) => interpreter.inside(typeId, way) ?? []);
        return cells.filter(({ name }, index) => cells.findIndex((cell) => cell.name === name) === index);
      };
      const paths = chosen(new Uint8Array(table.sizeOf(typeId))).map(({ name }) => name);
      const renderer = compileJsonRow(selectFields(layoutOf(table.btf(), typeId), paths));
      for (const bytes of samples) expect(render(renderer, bytes, 8)).toBe(plainJsonRow(chosen(bytes)));
    });
    fc.assert(property, { numRuns: 4_000 / SAMPLES_A_TYPE });
  });
});

describe('rows of entries of random maps', () => {
  test('are what the plain interpreter makes, in each format', () => {
    const property = fc.property(entryCases, ({ table, entries, ...types }) => {
      const layout = entryLayout(table.btf(), types);
      const text = compileTextRow(layout);
      const json = compileJsonRow(layout);
      const csv = compileCsvRow(layout);
      const screen = compileScreenRow(layout, { colors: false });
      const widths: number[] = [];
      for (const bytes of entries) {
        expect(bytes.length).toBe(layout.size);
        const interpreter = new Interpreter(table, bytes);
        expect(render(text, bytes, 8)).toBe(plainTextRow(interpreter.entry(types)));
        expect(render(json, bytes, 8)).toBe(plainJsonRow(interpreter.entry(types)));
        const cells = interpreter.flatEntry(types);
        expect(csv.header).toBe(plainCsvHeader(cells));
        expect(render(csv, bytes, 8)).toBe(plainCsvRow(cells));
        expect(render(screen, bytes, 8)).toBe(plainScreenRow(cells, widths));
      }
    });
    fc.assert(property, { numRuns: 2_000 / SAMPLES_A_TYPE });
  });
});

// eslint-disable-next-line no-control-regex -- no other escape sequence may be there
const COLOR = /\x1b\[3[1-9]m/g;

function withoutColors(renderer: RowRenderer, bytes: Uint8Array): string {
  const out = new Uint8Array(renderer.maxBytes);
  const end = renderer.render(sampleMemory(Uint8Array.from(bytes)), 0, out, 0);
  const row = new TextDecoder('utf-8', { ignoreBOM: true }).decode(out.subarray(0, end)).replace(COLOR, '');
  expect(row).toMatch(SAFE_LINE);
  return row;
}
