import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { NetworkError } from './network-error.ts';
import { RedirectTrail } from './redirect.ts';
import type { Step } from './step.ts';

const FIRST: Step = {
  method: 'GET',
  url: new URL('https://registry.test/v2/a?token=secret'),
  headers: { authorization: 'Basic secret', accept: '*/*' },
  withBody: false,
};

/** Where a redirect leads; undefined where it is refused. */
function follow(location: string): Step | undefined {
  try {
    return new RedirectTrail().follow(FIRST, 302, location);
  } catch (error) {
    expect(error).toBeInstanceOf(NetworkError);
    expect((error as Error).message).not.toContain('secret');
    return undefined;
  }
}

describe('RedirectTrail', () => {
  test('of any location stays with https, and takes the user along to the same origin only', () => {
    const locations = fc.oneof(
      fc.string(),
      fc.webUrl({ withQueryParameters: true, validSchemes: ['http', 'https'] }),
      fc.webPath(),
      fc.stringMatching(/^(https?:)?[/\\]{0,3}(me:pw@)?registry\.test(:\d{1,4})?[/?#]?$/),
    );
    fc.assert(
      fc.property(locations, (location) => {
        const next = follow(location);
        if (!next) return;
        expect(next.url.protocol).toBe('https:');
        expect([next.url.username, next.url.password, next.url.hash]).toEqual(['', '', '']);
        expect('authorization' in next.headers).toBe(next.url.origin === FIRST.url.origin);
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['https://registry.test:8443/', false],
    ['https://registry.test.evil.test/', false],
    ['https://registry.test@evil.test/', false],
    ['//evil.test/', false],
    ['\\\\evil.test/', false],
    ['https://registry.test:443/b', true],
    ['b', true],
    ['?n=2', true],
  ])('to %s takes the user along: %s', (location, along) => {
    expect('authorization' in (follow(location)?.headers ?? {})).toBe(along);
  });

  test('reads a location in UTF-8 as what it says', () => {
    const location = Buffer.from('/é').toString('latin1');
    expect(follow(location)?.url.pathname).toBe('/%C3%A9');
  });
});
