import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseDependencies } from './compile.ts';
import { splitWords } from './words.ts';

describe('splitWords', () => {
  test.each([
    ['', []],
    [' -DA=1  -I x ', ['-DA=1', '-I', 'x']],
    ['-DTARGET=\'"/usr/bin/a b"\'', ['-DTARGET="/usr/bin/a b"']],
    ['"-DA=\\"x\\"" b', ['-DA="x"', 'b']],
    ['a\\ b', ['a b']],
    ["it's", ["it's"]],
    ['""', ['']],
  ])('splits %j', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  test('gives back words that were quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (words) => {
        const quoted = words.map((word) => `'${word.replaceAll("'", `'"'"'`)}'`);
        expect(splitWords(quoted.join(' '))).toEqual(words);
      }),
    );
  });
});

test('parseDependencies reads a rule as make does', () => {
  const rule = 'out.o: a.c /usr/include/b\\ c.h \\\n  d\\#e.h \\\n f$$g.h\n';
  expect(parseDependencies(rule)).toEqual(['a.c', '/usr/include/b c.h', 'd#e.h', 'f$g.h']);
});
