import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { USER_AGENT } from './version.ts';

test('servers are told the version of package.json', () => {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  };
  expect(USER_AGENT).toBe(`ecli/${version}`);
});
