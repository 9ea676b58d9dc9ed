import { describe, expect, test } from '@jest/globals';
import { EcliError } from '@ecli/core';
import fc from 'fast-check';
import { parseRegistryAddress } from './registry-address.ts';

describe('the address of a registry', () => {
  test.each([
    ['ghcr.io', { registry: 'ghcr.io' }],
    ['GHCR.IO/', { registry: 'ghcr.io' }],
    ['localhost', { registry: 'localhost' }],
    ['localhost:5000', { registry: 'localhost:5000' }],
    ['https://ghcr.io', { registry: 'ghcr.io', scheme: 'https' }],
    ['http://localhost:5000/v2/', { registry: 'localhost:5000', scheme: 'http' }],
    ['https://index.docker.io/v1/', { registry: 'docker.io', scheme: 'https' }],
    ['docker.io', { registry: 'docker.io' }],
    ['registry-1.docker.io', { registry: 'docker.io' }],
    ['docker.io/someone', { registry: 'docker.io', path: 'someone' }],
    ['ghcr.io/org/tool', { registry: 'ghcr.io', path: 'org/tool' }],
    ['https://ghcr.io/org', { registry: 'ghcr.io', path: 'org', scheme: 'https' }],
  ])('%s is read as %j', (text, address) => {
    expect(parseRegistryAddress(text)).toEqual(address);
  });

  test.each([
    '',
    '/',
    'myregistry',
    'ghcr.io/org/tool:v1',
    'ghcr.io/Org',
    'a b.io',
    'ftp://ghcr.io',
    'ghcr.io:99999',
  ])('%j is refused', (text) => {
    expect(() => parseRegistryAddress(text)).toThrow(EcliError);
  });

  test.each(['https://alice:s3cret@ghcr.io', 'alice:s3cret@ghcr.io/org', 'https://alice:s3cret@ghcr.io/v2/'])(
    'credentials in %s are refused and not shown',
    (text) => {
      expect(() => parseRegistryAddress(text)).toThrow(/^[^]*without credentials/);
      expect(() => parseRegistryAddress(text)).not.toThrow(/s3cret/);
    },
  );

  test('is refused with an EcliError, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        try {
          parseRegistryAddress(text);
        } catch (error) {
          expect(error).toBeInstanceOf(EcliError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
