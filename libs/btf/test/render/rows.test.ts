import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileJsonRow } from '../../src/render/json-row.ts';
import { type RowRenderer, sampleMemory } from '../../src/render/renderer.ts';
import { layoutOf } from '../../src/render/layout.ts';
import { compileTextRow } from '../../src/render/text-row.ts';
import { type Case, cases, SAMPLES_A_TYPE } from './arbitrary-types.ts';
import { Interpreter } from './interpreter.ts';

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

/** 5,000 samples. */
function forAllCases(check: (drawn: Case) => void): void {
  fc.assert(fc.property(cases, check), { numRuns: 5_000 / SAMPLES_A_TYPE });
}

describe('rows of random types and bytes', () => {
  test('are the text that the plain interpreter makes', () => {
    forAllCases(({ table, typeId, samples }) => {
      const renderer = compileTextRow(layoutOf(table, typeId));
      expect(renderer.sampleSize).toBe(table.sizeOf(typeId));
      for (const bytes of samples) {
        const interpreter = new Interpreter(table, bytes);
        expect(renderer.header).toBe(interpreter.header(typeId));
        expect(render(renderer, bytes, 8)).toBe(interpreter.textRow(typeId));
      }
    });
  });

  test('are the JSON that the plain interpreter makes, and well-formed', () => {
    forAllCases(({ table, typeId, samples }) => {
      const renderer = compileJsonRow(layoutOf(table, typeId));
      for (const bytes of samples) {
        const row = render(renderer, bytes, 8);
        expect(row).toBe(new Interpreter(table, bytes).jsonRow(typeId));
        expect(() => void JSON.parse(row)).not.toThrow();
      }
    });
  });
});
