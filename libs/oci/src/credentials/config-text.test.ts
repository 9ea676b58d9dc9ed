import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { locateSyntaxError, withEntry, withoutEntries } from './config-text.ts';

describe('the text of a configuration', () => {
  test('gets an entry as docker writes it', () => {
    const text = '{\n\t"auths": {\n\t\t"a": {\n\t\t\t"auth": "x"\n\t\t}\n\t}\n}';
    expect(withEntry('', 'a', { auth: 'x' })).toBe(text);
    expect(withEntry('{}', 'a', { auth: 'x' })).toBe(text);
    expect(withEntry('{"auths":null}', 'a', { auth: 'x' })).toBe(text);
  });

  test('keeps all else as it is written: order, layout, long numbers, keys that look like numbers', () => {
    const text =
      '{\n  "z": 12345678901234567890, "2": [1e400],\n  "auths": { "a": {"auth": "x"} },\n  "1": "\\u0041"\n}\n';
    const changed = withoutEntries(withEntry(text, 'b', { auth: 'y' }), ['a']);
    expect(changed).toBe(
      '{\n  "z": 12345678901234567890, "2": [1e400],\n' +
        '  "auths": {\n    "b": {\n      "auth": "y"\n    }\n  },\n  "1": "\\u0041"\n}\n',
    );
  });

  test('means what it is to mean also where members stand there twice', () => {
    const text = '{"auths":{"a":{}},"auths":{"b":{},"b":{"auth":"x"}},"k":1}';
    expect(JSON.parse(withEntry(text, 'c', {}))).toEqual({ auths: { b: { auth: 'x' }, c: {} }, k: 1 });
    expect(JSON.parse(withoutEntries(text, ['b']))).toEqual({ auths: {}, k: 1 });
  });

  test('means the same after any change but for the entry', () => {
    const key = fc.oneof(fc.domain(), fc.string(), fc.constantFrom('__proto__', 'constructor', '1'));
    const auths = fc.dictionary(key, fc.record({ auth: fc.string() }));
    const document = fc.record(
      { auths, HttpHeaders: fc.jsonValue(), x: fc.jsonValue() },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(document, key, fc.constantFrom(undefined, '\t', 2), (document, key, space) => {
        const text = JSON.stringify(document, null, space);
        const { auths = {}, ...others } = JSON.parse(text) as typeof document;
        const added = JSON.parse(withEntry(text, key, { auth: 'new' })) as typeof document;
        const { auths: addedAuths = {}, ...addedOthers } = added;
        expect(addedOthers).toEqual(others);
        expect(Object.entries(addedAuths).filter(([name]) => name !== key)).toEqual(
          expect.arrayContaining(Object.entries(auths).filter(([name]) => name !== key)),
        );
        expect(Object.getOwnPropertyDescriptor(addedAuths, key)?.value).toEqual({ auth: 'new' });
        const removed = JSON.parse(withoutEntries(JSON.stringify(added), [key])) as typeof document;
        expect(Object.hasOwn(removed.auths ?? {}, key)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  test('is searched for where it stops being JSON', () => {
    expect(locateSyntaxError('{\n"a": tru')).toEqual({ line: 2, column: 6 });
    expect(locateSyntaxError('{"a": 1}')).toBeUndefined();
  });
});
