import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LineSplitter } from './line-splitter.ts';

const bytes = fc.array(fc.constantFrom(0x0a, 0x61, 0xff), { maxLength: 40 });

describe('LineSplitter', () => {
  test('finds the same lines in whatever pieces a text comes', () => {
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 8 }), (pieces) => {
        const splitter = new LineSplitter();
        const found = pieces.flatMap((piece) => splitter.add(Uint8Array.from(piece)));
        const lines = [...found, ...splitter.rest()].map((line) => line.toString('latin1'));
        const whole = Buffer.from(pieces.flat()).toString('latin1').split('\n');
        expect(lines).toEqual(whole.at(-1) === '' ? whole.slice(0, -1) : whole);
      }),
    );
  });

  test('gives a line that does not end in pieces, and keeps no more of it', () => {
    const splitter = new LineSplitter(4);
    const lines = ['abc', 'def', 'g\nh'].map((piece) => splitter.add(Buffer.from(piece)).map(String));
    expect(lines).toEqual([[], ['abcdef'], ['g']]);
    expect(splitter.rest().map(String)).toEqual(['h']);
  });
});
