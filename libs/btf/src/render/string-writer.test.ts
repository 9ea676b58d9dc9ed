import { describe, expect, test } from '@jest/globals';
import { printable } from '@ecli/core';
import fc from 'fast-check';
import { JSON_ESCAPES, jsonText, TEXT_ESCAPES } from './escapes.ts';
import { RowCode } from './code.ts';
import { PLAIN_JSON } from './json-dialect.ts';
import { type RowRenderer, sampleMemory } from './renderer.ts';
import { CSV_STRING, emitString, JSON_STRING, type StringStyle, TEXT_STRING } from './string-code.ts';
import { countContinuationBytes } from './string-writer.ts';

/** Compiles what writes strings of `length` bytes, once each. */
function stringWriter(style: StringStyle): (bytes: Uint8Array) => string {
  const renderers = new Map<number, RowRenderer>();
  return (bytes) => {
    const size = bytes.length;
    const layout = { spelling: 'a string', size, fields: [] };
    const compile = (): RowRenderer =>
      new RowCode(layout, PLAIN_JSON).compile((code) => emitString(code, style, code.at, size));
    const renderer = renderers.get(size) ?? compile();
    renderers.set(size, renderer);
    // From an odd place, with a byte behind that must not be read.
    const sample = Uint8Array.from([0x41, ...bytes, 0x42]);
    const out = new Uint8Array(renderer.maxBytes);
    return Buffer.from(out.subarray(0, renderer.render(sampleMemory(sample), 1, out, 0))).toString();
  };
}

const text = stringWriter(TEXT_STRING);
const csv = stringWriter(CSV_STRING);
const inJsonQuotes = stringWriter(JSON_STRING);
const json = (bytes: Uint8Array): string => `"${inJsonQuotes(bytes)}"`;

/** As RFC 4180 has it, for text that is printable already. */
function csvCell(text: string): string {
  return /[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** What TextDecoder reads up to the first NUL. */
function decoded(bytes: Uint8Array): string {
  const nul = bytes.indexOf(0);
  const string = nul < 0 ? bytes : bytes.subarray(0, nul);
  return decoder.decode(string);
}

function expectRight(bytes: Uint8Array): void {
  const string = decoded(bytes);
  if (text(bytes) !== printable(string)) expect(text(bytes)).toBe(printable(string));
  if (json(bytes) !== jsonText(string)) expect(json(bytes)).toBe(jsonText(string));
  if (csv(bytes) !== csvCell(printable(string))) expect(csv(bytes)).toBe(csvCell(printable(string)));
}

describe('strings of samples', () => {
  test.each([
    ['ends at a NUL', 'bash\0junk', 'bash', '"bash"'],
    ['is empty where the NUL is first', '\0\0\0\0', '', '""'],
    ['is whole without a NUL', 'a whole array', 'a whole array', '"a whole array"'],
    ['keeps quotes and backslashes in text', 'C:\\"x"', 'C:\\"x"', '"C:\\\\\\"x\\""'],
    ['spells out a terminal escape', '\x1b[31mred', '\\x1b[31mred', '"\\u001b[31mred"'],
    ['spells out line ends', 'a\nb\r\tc', 'a\\nb\\r\\tc', '"a\\nb\\r\\tc"'],
    ['spells out C1 controls and DEL', '\u009b\x7f', '\\x9b\\x7f', '"\\u009b\\u007f"'],
    ['spells out line separators', '\u2028\u2029', '\\u{2028}\\u{2029}', '"\\u2028\\u2029"'],
    ['spells out bidirectional overrides', 'a\u202eb\u2066', 'a\\u{202e}b\\u{2066}', '"a\\u202eb\\u2066"'],
    ['keeps letters of every length', 'é€𐍈\u{10ffff}', 'é€𐍈\u{10ffff}', '"é€𐍈\u{10ffff}"'],
    ['keeps a byte order mark', '\ufeffx', '\ufeffx', '"\ufeffx"'],
  ])('%s', (_, given, inText, inJson) => {
    expect(text(Buffer.from(given))).toBe(inText);
    expect(json(Buffer.from(given))).toBe(inJson);
  });

  test('replaces each maximal subpart that is not UTF-8, as TextDecoder does', () => {
    expect(text(Uint8Array.of(0x61, 0xff, 0xe2, 0x82, 0x62, 0xf0, 0x9f, 0x98))).toBe('a\ufffd\ufffdb\ufffd');
    expect(text(Uint8Array.of(0xed, 0xa0, 0x80, 0xc0, 0xaf, 0xf4, 0x90))).toBe('\ufffd'.repeat(7));
  });

  test('decodes every pair of a byte that is no ASCII and any other as TextDecoder does', () => {
    for (let pair = 0x8000; pair < 0x1_0000; pair++) expectRight(Uint8Array.of(pair >> 8, pair & 0xff));
  });

  test('decodes sequences after every lead byte as TextDecoder does', () => {
    const leads = [0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff];
    const telling = [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2];
    for (const lead of leads) {
      for (const second of telling) {
        for (const third of telling) {
          for (const fourth of telling) expectRight(Uint8Array.of(lead, second, third, fourth, 0x42));
        }
      }
    }
  });

  test('are right for random bytes of every length', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), expectRight), { numRuns: 2_000 });
  });

  test('are right for one special byte among letters', () => {
    for (let length = 1; length <= 9; length++) {
      for (let at = 0; at < length; at++) {
        for (let byte = 0; byte < 0x100; byte++)
          expectRight(new Uint8Array(length).fill(0x7a).fill(byte, at, at + 1));
      }
    }
  });
});

describe('escapes', () => {
  test('cover all that printable spells out and JSON needs', () => {
    for (let codePoint = 0; codePoint <= 0xffff; codePoint++) {
      if (codePoint >= 0xd800 && codePoint <= 0xdfff) continue;
      const character = String.fromCodePoint(codePoint);
      if ((TEXT_ESCAPES.get(codePoint) !== undefined) !== (printable(character) !== character))
        expect(character).toBe('escaped');
      if ((JSON_ESCAPES.get(codePoint) !== undefined) !== (jsonText(character) !== `"${character}"`)) {
        expect(character).toBe('escaped');
      }
    }
  });

  test('leave JSON that parses back to the same', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (given) => expect(JSON.parse(jsonText(given))).toBe(given)),
    );
  });
});

test('continuation bytes are those that begin no character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (given) => {
      const bytes = Buffer.from(`x${given}`);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      expect(countContinuationBytes(view, 1, bytes.length)).toBe(bytes.length - 1 - Array.from(given).length);
    }),
  );
});
