import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { locateSyntaxError, parseExactJson } from './json-syntax.ts';

describe('locateSyntaxError', () => {
  test.each([
    ['', 1, 1],
    ['{', 1, 2],
    ['{"a": 1,}', 1, 9],
    ['[1 2]', 1, 4],
    ['[1,\n 2,\n x]', 3, 2],
    ['{"a" 1}', 1, 6],
    ['{a: 1}', 1, 2],
    ['"a\nb"', 1, 3],
    ['"\\x"', 1, 2],
    ['01', 1, 2],
    ['[}', 1, 2],
    ['{} {}', 1, 4],
    ['nul', 1, 1],
  ])('finds where %j breaks', (text, line, column) => {
    expect(locateSyntaxError(text)).toEqual({ line, column });
  });

  test('agrees with JSON.parse on any JSON, and on JSON with a piece cut out', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.nat(3), (json, seed, length) => {
        const at = seed % (json.length + 1);
        for (const text of [json, json.slice(0, at) + json.slice(at + length)]) {
          expect(locateSyntaxError(text) === undefined).toBe(isJson(text));
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('takes nests and strings of any depth and length', () => {
    expect(locateSyntaxError('['.repeat(1_000_000))).toEqual({ line: 1, column: 1_000_001 });
    expect(locateSyntaxError(`"${'x'.repeat(10_000_000)}`)).toEqual({ line: 1, column: 10_000_002 });
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('parseExactJson', () => {
  test('gives whole numbers that a number can not hold as their digits, and nothing else', () => {
    const text = `{"a": [18446744073709551615, 12345678901234567000,-9223372036854775808 , 9007199254740991, 0.12345678901234567890,
      1234567890123456789.5, 12345678901234567890e1, 1e-1234567890123456], "k:12345678901234567890": "\\",12345678901234567890"}`;
    expect(parseExactJson(text)).toEqual({
      a: [
        ...[
          '18446744073709551615',
          12345678901234567000,
          '-9223372036854775808',
          9007199254740991,
          0.12345678901234568,
        ],
        ...[1234567890123456800, 123456789012345680000, 0],
      ],
      'k:12345678901234567890': '",12345678901234567890',
    });
  });

  test('is JSON.parse for everything else', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value);
        expect(parseExactJson(`[${text}, 12345678901234567]`)).toEqual([
          JSON.parse(text),
          '12345678901234567',
        ]);
      }),
    );
  });
});
