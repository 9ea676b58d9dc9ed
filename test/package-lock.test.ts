import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ROOT } from './workspace.ts';

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};

/** Whether `name`, asked for by the package at `from`, is in a node_modules at or above it. */
function isLocked(name: string, from: string): boolean {
  if (join(from, 'node_modules', name) in packages) return true;
  return from !== '.' && isLocked(name, dirname(from));
}

// A registry that doesn't carry every platform's package makes npm leave it out of the lock without a
// word, and `npm ci` refuses such a lock everywhere.
test('the lock names the optional packages of every platform', () => {
  const absent = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !isLocked(name, path || '.'))
      .map((name) => `${path}: ${name}`),
  );
  expect(absent).toEqual([]);
});
