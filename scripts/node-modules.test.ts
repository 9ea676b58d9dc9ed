import { expect, test } from '@jest/globals';
import { lockIsInstalled } from './node-modules.mjs';

const rxjs = { version: '7.8.2', integrity: 'sha512-a' };
const installed = { packages: { 'node_modules/rxjs': rxjs } };

test('a lock is installed when node_modules has each of its packages', () => {
  expect(lockIsInstalled({ packages: { '': {}, 'node_modules/rxjs': rxjs } }, installed)).toBe(true);
});

test('a package of another platform may be absent', () => {
  const foreign = { version: '1.0.0', optional: true };
  const wanted = { packages: { 'node_modules/rxjs': rxjs, 'node_modules/ffi-darwin': foreign } };
  expect(lockIsInstalled(wanted, installed)).toBe(true);
});

test.each([
  ['is absent', { 'node_modules/rxjs': rxjs, 'node_modules/yaml': { version: '2.9.1' } }],
  ['has another version', { 'node_modules/rxjs': { ...rxjs, version: '7.9.0' } }],
  ['has other content', { 'node_modules/rxjs': { ...rxjs, integrity: 'sha512-b' } }],
])('a lock is not installed when a package %s', (_what, packages) => {
  expect(lockIsInstalled({ packages }, installed)).toBe(false);
});
