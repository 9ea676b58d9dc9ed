import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDisposition } from './content-disposition.ts';
import { parseContentRange } from './content-range.ts';
import { forbidsStorage, strongValidator } from './file-traits.ts';

describe('Content-Range', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.option(fc.integer({ min: 1 })), (first, more, beyond) => {
        const last = first + more;
        const total = beyond === null ? undefined : last + beyond;
        const parsed = parseContentRange(`bytes ${first}-${last}/${total ?? '*'}`);
        expect(parsed).toEqual({ first, last, totalBytes: total });
      }),
    );
  });

  test.each(['bytes 5-4/10', 'bytes 0-10/10', 'bytes */10', 'items 0-1/2', 'bytes 0-1', '', 'bytes -1-2/3'])(
    'makes no sense: %j',
    (value) => expect(parseContentRange(value)).toBeUndefined(),
  );

  test('is anything at all, and breaks nothing', () => {
    fc.assert(
      fc.property(fc.string(), (text) => void parseContentRange(`bytes ${text}`)),
      { numRuns: 2000 },
    );
  });
});

describe('Content-Disposition', () => {
  test.each([
    ['attachment; filename="x.json"', 'x.json'],
    ['attachment; filename=x.json; size=3', 'x.json'],
    ['inline; FileName="a \\"b\\".json"', 'a "b".json'],
    [`attachment; filename="x"; filename*=UTF-8''a%20b.json`, 'a b.json'],
    [`attachment; filename="x.json"; filename*=UTF-8''%ff`, 'x.json'],
    ['attachment; filename="../../etc/passwd"', 'passwd'],
    ['attachment; filename="C:\\\\x\\\\y.o"', 'y.o'],
    ['attachment; filename=""', undefined],
    ['attachment', undefined],
    [undefined, undefined],
  ])('%s proposes %s', (value, name) => expect(parseDisposition(value)).toBe(name));

  test('proposes a name without folders, whatever stands there', () => {
    const text = fc.stringMatching(/^(attachment|; ?filename\*?=|"|\\|\/|UTF-8''|%2f|[a-z.])*$/);
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (value) => {
        expect(parseDisposition(value) ?? 'none').toMatch(/^[^/\\]{1,255}$/s);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parts of a file', () => {
  const date = 'Tue, 24 Nov 2020 10:00:01 GMT';
  test.each([
    [{ etag: '"1"' }, '"1"'],
    [{ etag: 'W/"1"', date, 'last-modified': 'Tue, 24 Nov 2020 10:00:00 GMT' }, undefined],
    [{ etag: 'bare' }, undefined],
    [{ date, 'last-modified': 'Tue, 24 Nov 2020 10:00:00 GMT' }, 'Tue, 24 Nov 2020 10:00:00 GMT'],
    [{ date, 'last-modified': date }, undefined],
    [{ 'last-modified': date }, undefined],
    [{ date, 'last-modified': 'never' }, undefined],
    [{}, undefined],
  ])('with %j belong together by %s', (headers, validator) => {
    expect(strongValidator(headers)).toBe(validator);
  });
});

test.each([
  ['no-store', true],
  ['private, NO-STORE , max-age=0', true],
  ['no-cache', false],
  ['x-no-store', false],
  ['', false],
])('Cache-Control %j forbids storage: %s', (value, expected) => {
  expect(forbidsStorage({ 'cache-control': value })).toBe(expected);
});
