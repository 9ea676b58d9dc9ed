import { expect, test } from '@jest/globals';
import { installInstructions } from './system-packages.mjs';

const clang = {
  what: 'clang',
  present: () => false,
  packages: { 'apt-get': 'clang', dnf: 'clang', apk: 'clang', pacman: 'clang' },
};
const headers = {
  what: 'the libbpf headers',
  present: () => false,
  packages: { 'apt-get': 'libbpf-dev', dnf: 'libbpf-devel', apk: 'libbpf-dev', pacman: 'libbpf' },
};

test.each([
  ['apt-get', false, 'sudo apt-get install -y --no-install-recommends clang libbpf-dev'],
  ['dnf', true, 'dnf install -y clang libbpf-devel'],
  ['apk', true, 'apk add clang libbpf-dev'],
  ['pacman', false, 'sudo pacman -S --needed --noconfirm clang libbpf'],
] as const)('%s: says the command that installs what is missing', (manager, asRoot, command) => {
  const lines = installInstructions([clang, headers], manager, asRoot).split('\n');
  expect(lines).toEqual([
    'setup: missing: clang, the libbpf headers',
    'setup: install it by',
    `    ${command}`,
  ]);
});

test('says the command of each package manager where none is known', () => {
  const text = installInstructions([headers], undefined, false);
  for (const manager of ['apt-get', 'dnf', 'apk', 'pacman']) expect(text).toContain(`sudo ${manager} `);
});

test('names a package once that brings two things', () => {
  const text = installInstructions([headers, { ...clang, packages: headers.packages }], 'dnf', true);
  expect(text).toMatch(/dnf install -y libbpf-devel$/);
});

test('says what a package manager has no package for', () => {
  const registry = {
    what: 'docker-registry',
    present: () => false,
    packages: { 'apt-get': 'docker-registry' },
  };
  expect(installInstructions([registry, clang], 'dnf', true).split('\n').slice(1)).toEqual([
    'setup: install it by',
    '    dnf install -y clang',
    'setup: no package of dnf is known to bring docker-registry',
  ]);
  expect(installInstructions([registry], 'dnf', true)).not.toContain('install it by');
});
