import { describe, expect, test } from '@jest/globals';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listFiles, readRooms, ROOT } from './workspace.ts';

/** In lines. Tests of one thing may be longer than the thing. */
const LONGEST = { source: 300, test: 600 };

/** Longer ones, each with the reason. */
const LONGER: Readonly<Record<string, string>> = {
  'libs/bpf/src/bindings.ts': 'one table of C signatures',
};

/** Spelled so that this line doesn't match itself. */
const UNFINISHED = /\bTO[D]O\b|\bFIX[M]E\b|\bX{3}\b/;

const rooms = readRooms();
const texts = ['apps', 'libs', 'scripts', 'test', 'examples', 'bench', '.ci']
  .flatMap((folder) => listFiles(folder, /\.(ts|mjs|c|h|sh)$|^run$/))
  .map((path) => ({ path, lines: readFileSync(join(ROOT, path), 'utf8').trimEnd().split('\n') }));

describe('sources', () => {
  test(`have at most ${LONGEST.source} lines`, () => {
    const limit = (path: string): number => (path.endsWith('.test.ts') ? LONGEST.test : LONGEST.source);
    const long = texts.filter(({ path, lines }) => lines.length > limit(path) && !(path in LONGER));
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

/** process.stdout and its like, console included: to get one makes node set a shared pipe to O_NONBLOCK. */
const STANDARD_STREAM = /\bprocess\.std(?:out|err)\b|\bconsole\.\w+\(/;
const COMMENT = /^\s*(?:\/\/|\/?\*)/;

describe('the standard streams', () => {
  test('are written to by apps/ecli/src/terminal alone, by descriptor', () => {
    const sources = rooms.flatMap(({ files }) => files).filter(({ forTests }) => !forTests);
    const touching = sources.flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) =>
          STANDARD_STREAM.test(line) && !COMMENT.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [],
        ),
    );
    expect(touching).toEqual([]);
  });

  test.each(['process.stdout.write(text);', 'const { stderr } = process.stderr;', "console.error('x');"])(
    'would be found in %j',
    (line) => expect(line).toMatch(STANDARD_STREAM),
  );
});

describe('rooms', () => {
  test.each(rooms)('$name has a README, and an entry that opens with what the room does', ({ folder }) => {
    const entry = ['src/index.ts', 'src/main.ts'].find((path) => existsSync(join(ROOT, folder, path))) ?? '';
    expect(readFileSync(join(ROOT, folder, entry), 'utf8')).toMatch(/^\/\*\*/);
    expect(existsSync(join(ROOT, folder, 'README.md'))).toBe(true);
  });
});
