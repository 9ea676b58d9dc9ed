import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { printable, printableJson, printableLines } from './printable.ts';

const anyText = fc.string({ unit: 'binary' });
/** UTF-16 code units in any order, lone surrogates included. */
const anyUnits = fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units));

describe('printable', () => {
  test.each([
    ['a line break', 'a\nb\r', 'a\\nb\\r'],
    ['a tab', 'a\tb', 'a\\tb'],
    ['an escape sequence', '\x1b[31mred', '\\x1b[31mred'],
    ['a bell, a NUL and a DEL', '\x07\0\x7f', '\\x07\\x00\\x7f'],
    ['a C1 control, which is an escape sequence in one character', '\x9b2J', '\\x9b2J'],
    ['a line separator', '\u2028', '\\u{2028}'],
    ['a bidirectional override', 'abc\u202egpj.exe', 'abc\\u{202e}gpj.exe'],
    ['an isolate', '\u2066x\u2069', '\\u{2066}x\\u{2069}'],
    ['half a surrogate pair', '\ud800', '\\u{d800}'],
  ])('spells out %s', (_what, text, expected) => {
    expect(printable(text)).toBe(expected);
  });

  test.each(['plain', 'größer ☃ 😀 日本語', 'שלום', 'C:\\path', 'e\u0301'])('keeps %s', (text) => {
    expect(printable(text)).toBe(text);
  });

  test('leaves no control character, line break or lone surrogate in any text', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, anyUnits), (text) => {
        expect(printable(text)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u202a-\u202e\u2066-\u2069]/u);
      }),
    );
  });

  test('changes nothing a second time', () => {
    fc.assert(fc.property(anyUnits, (text) => expect(printable(printable(text))).toBe(printable(text))));
  });

  test('gives text that survives UTF-8', () => {
    fc.assert(
      fc.property(anyUnits, (text) => {
        const shown = printable(text);
        expect(Buffer.from(shown, 'utf8').toString('utf8')).toBe(shown);
      }),
    );
  });
});

describe('printableLines', () => {
  test('keeps line ends and nothing else that controls', () => {
    expect(printableLines('a\x1b[1m\n\tb\r\n')).toBe('a\\x1b[1m\n\\tb\\r\n');
  });

  test('keeps the number of lines of any text', () => {
    fc.assert(
      fc.property(anyUnits, (text) => {
        expect(printableLines(text).split('\n').length).toBe(text.split('\n').length);
      }),
    );
  });
});

describe('printableJson', () => {
  test('says of any value what it said, and nothing that a terminal acts on', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, anyUnits), (text) => {
        const json = printableJson(JSON.stringify({ [text]: text }, null, 2));
        expect(JSON.parse(json)).toEqual({ [text]: text });
        expect(printableLines(json)).toBe(json);
      }),
    );
  });
});
