import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { helperKeysOf, isKeyOf, keyOf, parseKey, scopesAround } from './registry-key.ts';

describe('keys of credentials', () => {
  test.each([
    ['ghcr.io', { registry: 'ghcr.io' }],
    ['ghcr.io/', { registry: 'ghcr.io' }],
    ['https://ghcr.io', { registry: 'ghcr.io' }],
    ['http://localhost:5000/v2/', { registry: 'localhost:5000' }],
    ['GHCR.io/org/tool', { registry: 'ghcr.io', path: 'org/tool' }],
    ['https://index.docker.io/v1/', { registry: 'docker.io' }],
    ['index.docker.io', { registry: 'docker.io' }],
    ['registry-1.docker.io', { registry: 'docker.io' }],
    ['docker.io/library/alpine', { registry: 'docker.io', path: 'library/alpine' }],
    ['https://registry.example:443/', { registry: 'registry.example' }],
    ['[::1]:5000/x', { registry: '[::1]:5000', path: 'x' }],
    ['', { registry: '' }],
  ])('%j stands for %j', (key, scope) => {
    expect(parseKey(key)).toEqual(scope);
  });

  test('with a path are no keys of the whole registry, nor of what only begins alike', () => {
    expect(isKeyOf('ghcr.io/org', { registry: 'ghcr.io' })).toBe(false);
    expect(isKeyOf('ghcr.io/org', { registry: 'ghcr.io', path: 'org' })).toBe(true);
    expect(scopesAround('ghcr.io', 'organization/tool').some((scope) => isKeyOf('ghcr.io/org', scope))).toBe(
      false,
    );
    expect(isKeyOf('ghcr.io.evil.example', { registry: 'ghcr.io' })).toBe(false);
    expect(isKeyOf('ghcr.io:5000', { registry: 'ghcr.io' })).toBe(false);
  });

  test("are written as docker reads them, Docker's own under its old address", () => {
    expect(keyOf({ registry: 'docker.io' })).toBe('https://index.docker.io/v1/');
    expect(keyOf({ registry: 'docker.io', path: 'org' })).toBe('docker.io/org');
    expect(keyOf({ registry: 'ghcr.io' })).toBe('ghcr.io');
    expect(helperKeysOf('docker.io')).toEqual(['https://index.docker.io/v1/', 'docker.io']);
    expect(helperKeysOf('ghcr.io')).toEqual(['ghcr.io']);
  });

  test('are found again, whatever they are', () => {
    const host = fc.domain();
    const path = fc.option(fc.stringMatching(/^[a-z0-9]{1,8}(\/[a-z0-9]{1,8}){0,3}$/), { nil: undefined });
    fc.assert(
      fc.property(host, path, (registry, path) => {
        const scope = { registry, ...(path !== undefined && { path }) };
        expect(isKeyOf(keyOf(scope), scope)).toBe(true);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => void parseKey(text)));
  });

  test('of the paths around a repository come longest first', () => {
    expect(scopesAround('r', 'a/b/c').map(({ path }) => path)).toEqual(['a/b/c', 'a/b', 'a']);
  });
});
