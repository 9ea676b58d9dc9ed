import { describe, expect, test } from '@jest/globals';
import { ArgumentError } from '@ecli/core';
import fc from 'fast-check';
import { namesOf, readFlags, type FlagTable } from './flags.ts';

const table = {
  json: { short: 'j', help: '' },
  verbose: { short: 'v', help: '' },
  type: { short: 'p', value: 'TYPE', help: '' },
  timeout: { value: 'SECONDS', help: '' },
  add: { short: 'a', value: 'FLAGS', repeatable: true, help: '' },
} as const satisfies FlagTable;

const nothing = { json: false, verbose: false, type: undefined, timeout: undefined, add: [] };

describe('readFlags', () => {
  test.each<[string, string[], object, string[]]>([
    ['nothing', [], {}, []],
    ['a long flag', ['--json', 'x'], { json: true }, ['x']],
    ['a short flag', ['-j', 'x'], { json: true }, ['x']],
    ['a cluster', ['-jv', 'x'], { json: true, verbose: true }, ['x']],
    ['a value in the next word', ['--timeout', '2', 'x'], { timeout: '2' }, ['x']],
    ['a value after =', ['--timeout=2', 'x'], { timeout: '2' }, ['x']],
    ['a value that begins with a dash', ['-a', '-DX=1', 'x'], { add: ['-DX=1'] }, ['x']],
    ['a value with = in it', ['--add=-DX=1', 'x'], { add: ['-DX=1'] }, ['x']],
    ['a value after a short flag', ['-p', 'json', 'x'], { type: 'json' }, ['x']],
    ['a value joined to a short flag', ['-pjson', 'x'], { type: 'json' }, ['x']],
    ['a value joined to a short flag by =', ['-p=json', 'x'], { type: 'json' }, ['x']],
    ['a value at the end of a cluster', ['-vp', 'json', 'x'], { verbose: true, type: 'json' }, ['x']],
    ['an empty value', ['--timeout=', 'x'], { timeout: '' }, ['x']],
    ['the last of several', ['-pa', '-p', 'b', 'x'], { type: 'b' }, ['x']],
    ['each of several that count', ['-aA', '-a', 'B', 'x'], { add: ['A', 'B'] }, ['x']],
    ['a dash as an operand', ['-j', '-', '-v'], { json: true }, ['-', '-v']],
    [
      'flags up to the first operand',
      ['-j', 'x', '-v', '--help', '--', 'y'],
      { json: true },
      ['x', '-v', '--help', '--', 'y'],
    ],
    ['-- as the end of flags', ['-j', '--', '-v', '--', 'y'], { json: true }, ['-v', '--', 'y']],
  ])('takes %s', (_what, argv, flags, operands) => {
    expect(readFlags(argv, table, true)).toEqual({ flags: { ...nothing, ...flags }, operands });
  });

  test('takes flags behind operands where nobody else wants them', () => {
    const { flags, operands } = readFlags(['a', '-j', 'b', '--', '-v'], table, false);
    expect(flags).toEqual({ ...nothing, json: true });
    expect(operands).toEqual(['a', 'b', '-v']);
  });

  test.each<[string, string[], string, string | undefined]>([
    ['a flag that is not there', ['--jsno'], '--jsno: unknown flag', 'did you mean --json?'],
    ['a long flag with one dash', ['-json'], '-s: unknown flag', 'did you mean --json?'],
    [
      'a flag unlike any other',
      ['--zzzzzzzz'],
      '--zzzzzzzz: unknown flag',
      `flags: ${namesOf(table).join(' ')}`,
    ],
    ['a name of every object', ['--__proto__'], '--__proto__: unknown flag', expect.anything() as never],
    ['a negated flag', ['--no-json'], '--no-json: unknown flag', 'did you mean --json?'],
    ['a missing value', ['--timeout'], '--timeout: a value must follow', undefined],
    ['a value that is not taken', ['--json=1'], '--json: takes no value', undefined],
    ['control characters', ['--\x1b[2J'], '--\\x1b[2J: unknown flag', expect.anything() as never],
  ])('refuses %s', (_what, argv, message, hint) => {
    let error: unknown;
    try {
      readFlags(argv, table, true);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ message, hint });
  });

  test('passes everything on after the first operand, whatever it is', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (rest) => {
        expect(readFlags(['-j', 'ref', ...rest], table, true).operands).toEqual(['ref', ...rest]);
      }),
    );
  });

  test('reads any words or refuses them with an ArgumentError', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom('--', '-', '-jv', '--json=', '-p', '--__proto__=1'));
    fc.assert(
      fc.property(fc.array(word), fc.boolean(), (argv, passesOn) => {
        try {
          readFlags(argv, table, passesOn);
        } catch (error) {
          expect(error).toBeInstanceOf(ArgumentError);
        }
      }),
    );
  });
});
