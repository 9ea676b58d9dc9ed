import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LineEditor } from './line-editor.ts';

const type = (...texts: readonly string[]) => {
  const editor = new LineEditor();
  return texts.map((text) => editor.feed(text)).at(-1);
};

describe('LineEditor', () => {
  test.each([
    ['pass\r', 'pass'],
    ['pass\n', 'pass'],
    ['paxx\x7f\x7fss\r', 'pass'],
    ['pax\bss\r', 'pass'],
    ['\x7fpass\r', 'pass'],
    ['wrong\x15pass\r', 'pass'],
    ['wrong\x17pass\r', 'pass'],
    ['pa\x1b[Dss\x1b[1;5C\x1bOP\r', 'pass'],
    ['pa\x1ass\x00\r', 'pass'],
    ['pä😀\x7f漢\r', 'pä漢'],
    ['pa\x04ss\r', 'pass'],
    ['\r', ''],
  ])('makes of %j the line %j', (typed, text) => {
    expect(type(typed)).toEqual({ kind: 'line', text, rest: '' });
    expect(type(...Array.from(typed))).toEqual({ kind: 'line', text, rest: '' });
  });

  test('keeps what was typed ahead', () => {
    expect(type('one\rtwo\r')).toEqual({ kind: 'line', text: 'one', rest: 'two\r' });
  });

  test('tells of Ctrl-C, and of Ctrl-D on an empty line', () => {
    expect(type('abc\x03')).toEqual({ kind: 'interrupt' });
    expect(type('\x04')).toEqual({ kind: 'end' });
    expect(type('a\x7f\x04')).toEqual({ kind: 'end' });
    expect(type('abc')).toEqual({ kind: 'open' });
  });

  test('gives lines without control characters, whatever is typed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.integer({ max: 0x90 }).map((code) => String.fromCharCode(code)) })),
        (texts) => {
          const state = type(...texts, '\x1b[A', '\r');
          // eslint-disable-next-line no-control-regex -- control characters are what must not be there
          if (state?.kind === 'line') expect(state.text).not.toMatch(/[\x00-\x1f\x7f]/);
        },
      ),
    );
  });
});
