import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { EcliError } from '@ecli/core';
import { parseUrlReference } from './url-reference.ts';
import { fileBehind } from './web-page.ts';

describe('a URL', () => {
  test('gives up its credentials and fragment', () => {
    const hex = 'AB'.repeat(32);
    const reference = parseUrlReference(`HTTPS://us%20er:p%@Example.com/a/b.json?token=x#sha256=${hex}`);
    expect(reference).toEqual({
      url: new URL('https://example.com/a/b.json?token=x'),
      spelled: 'https://example.com/a/b.json?…',
      digest: `sha256:${hex.toLowerCase()}`,
      credentials: { username: 'us er', password: 'p%' },
    });
  });

  test('is anything at all, and is read or refused', () => {
    fc.assert(
      fc.property(fc.string(), fc.stringMatching(/^[a-z%0-9]*$/), (rest, secret) => {
        const password = `s3cret${encodeURIComponent(secret)}`;
        const text = `https://user:${password}@${rest}`;
        try {
          expect(parseUrlReference(text).spelled).not.toContain(password);
        } catch (error) {
          expect(error).toBeInstanceOf(EcliError);
          expect(error).toMatchObject({ code: 'REFERENCE_UNSUPPORTED' });
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('with any fragment is checked by it or refused', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (fragment) => {
        const read = () => parseUrlReference(`https://example.com/x#a${fragment}`);
        expect(read).toThrow(EcliError);
      }),
    );
  });
});

test.each([
  [
    'https://github.com/org/repo/blob/main/dist/package.json',
    'https://raw.githubusercontent.com/org/repo/main/dist/package.json',
  ],
  ['https://gitlab.example/g/s/p/-/blob/v1/x.json', 'https://gitlab.example/g/s/p/-/raw/v1/x.json'],
  ['https://gist.github.com/me/0123abcd', 'https://gist.github.com/me/0123abcd/raw'],
  ['https://github.com/org/repo', undefined],
  ['https://example.com/org/repo/blob/main/x', undefined],
])('the page %s shows %s', (page, file) => expect(fileBehind(new URL(page))?.href).toBe(file));
