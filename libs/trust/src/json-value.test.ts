import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EcliError } from '@ecli/core';
import { JsonValue } from './json-value.ts';

const complain = (problem: string, hint?: string): EcliError =>
  new EcliError('SETTINGS_INVALID', `file: ${problem}`, hint === undefined ? {} : { hint });

function parse(text: string | Uint8Array): JsonValue {
  return JsonValue.parse(typeof text === 'string' ? Buffer.from(text) : text, complain);
}

describe('a document', () => {
  test('is read as JSON.parse reads it, where no name stands twice', () => {
    fc.assert(
      fc.property(fc.json(), (json) => {
        expect(parse(json).value).toEqual(JSON.parse(json));
      }),
    );
  });

  test.each([
    ['{"a":1,"a":2}', 'file: "a" stands there twice'],
    ['{"a":{"b":[{"c":1,"\\u0063":2}]}}', 'file: "c" stands there twice'],
    ['{"a":1,}', 'file: not JSON'],
    ['', 'file: not JSON'],
    ['\ufeff{}', 'file: not JSON'],
    ['{"a":1}{"a":1}', 'file: not JSON'],
    [`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'file: nested deeper than 64 levels'],
    [Buffer.from([0x22, 0xff, 0x22]), 'file: not UTF-8'],
  ])('is refused where it could be two things: %j', (text, message) => {
    expect(() => parse(text)).toThrow(message);
  });

  test('is refused at once, however many quotes there are in a string that does not end', () => {
    const text = `"${'\\"'.repeat(100_000)}`;
    const beginMs = performance.now();
    expect(() => parse(text)).toThrow('file: not JSON');
    expect(performance.now() - beginMs).toBeLessThan(2000);
  });

  test('may have equal names in different objects, and values like names', () => {
    expect(parse('[{"a":"a"},{"a":"a:"},{"b":{"a":{}},"a":["a","a"]}]').items()).toHaveLength(3);
  });

  test('never fails but by what it was told to fail with', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          parse(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(EcliError);
        }
      }),
    );
  });
});

describe('a value', () => {
  const document = parse('{"a":{"b c":[1,"x",null]},"n":null,"s":"YQ==","t":"YR=="}');

  test.each([
    [() => document.member('z'), 'file: z is missing'],
    [() => document.member('n'), 'file: n is missing'],
    [
      () => document.member('a').member('b c').items()[1]?.members(),
      'file: a."b c"[1]: expected an object, found "x"',
    ],
    [() => document.member('a').text(), 'file: a: expected a string, found an object'],
    [() => document.member('a').member('b c').items(2), 'file: a."b c": 3 entries, where 2 are taken'],
    [() => document.member('t').bytes(), 'file: t: expected base64, found "YR=="'],
    [() => document.allow(['aa', 'n', 's', 't']), 'file: a is not known'],
  ])('says where it is when it is wrong', (read, message) => {
    expect(read).toThrow(message);
  });

  test('is read where it is right', () => {
    expect(document.optional('n')).toBeUndefined();
    expect(document.member('s').bytes().toString()).toBe('a');
    expect(document.texts()).toEqual({ s: 'YQ==', t: 'YR==' });
  });

  test('is not found in what every object inherits', () => {
    expect(() => document.member('toString')).toThrow('file: toString is missing');
    expect(parse('{"__proto__":{"x":"y"}}').member('__proto__').member('x').text()).toBe('y');
  });
});
