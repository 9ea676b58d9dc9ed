import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readRooms, ROOT } from './workspace.ts';

const lines = readFileSync(join(ROOT, 'docs/glossary.md'), 'utf8').split('\n');
const entries = lines
  .filter((line) => line.startsWith('- '))
  .map((line) => /^- \*\*(?<term>[^*]+)\*\* \(`(?<identifier>\w+)`\): /.exec(line)?.groups ?? { term: line });
const words = new Set(
  readRooms()
    .flatMap(({ files }) => files)
    .filter(({ forTests }) => !forTests)
    .flatMap(({ text }) => text.match(/\w+/g) ?? []),
);

test('the code has a word for every term', () => {
  expect(entries.filter(({ identifier = '' }) => !words.has(identifier))).toEqual([]);
});
