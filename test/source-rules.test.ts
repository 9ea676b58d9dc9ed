import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles, readRooms, ROOT } from './workspace.ts';

const LONGEST_FILE = 300;

/** Spelled so that this line doesn't match itself. */
const UNFINISHED = /\bTO[D]O\b|\bFIX[M]E\b|\bX{3}\b/;

const rooms = readRooms();
const texts = ['apps', 'libs', 'scripts', 'test', 'examples', 'bench', '.ci']
  .flatMap((folder) => listFiles(folder, /\.(ts|mjs|c|h|sh)$|^run$/))
  .map((path) => ({ path, lines: readFileSync(join(ROOT, path), 'utf8').trimEnd().split('\n') }));

describe('sources', () => {
  test(`have at most ${LONGEST_FILE} lines`, () => {
    const long = texts.filter(({ lines }) => lines.length > LONGEST_FILE);
    expect(long.map(({ path, lines }) => `${path}: ${lines.length}`)).toEqual([]);
  });

  test('have no marks of unfinished work', () => {
    const marked = texts.flatMap(({ path, lines }) =>
      lines.flatMap((line, index) => (UNFINISHED.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    );
    expect(marked).toEqual([]);
  });

  test.each(['// TO' + 'DO later', '/* FIX' + 'ME */', 'XX' + 'X'])('with %j would be found', (line) => {
    expect(line).toMatch(UNFINISHED);
  });
});

describe('rooms', () => {
  test.each(rooms)('$name has a README, and an index that opens with what the room does', ({ folder }) => {
    expect(existsSync(join(ROOT, folder, 'README.md'))).toBe(true);
    expect(readFileSync(join(ROOT, folder, 'src/index.ts'), 'utf8')).toMatch(/^\/\*\*/);
  });
});
