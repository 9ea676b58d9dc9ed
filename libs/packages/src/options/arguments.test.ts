import { describe, expect, test } from '@jest/globals';
import { ArgumentError } from '@ecli/core';
import fc from 'fast-check';
import { TypeTable } from '../../test/type-table.ts';
import type { CommandArgument } from '../meta.ts';
import type { ArgumentType } from './argument-types.ts';
import { parseArguments } from './arguments.ts';
import { programOptions, type ProgramOption, statedValues } from './program-options.ts';
import { usageText } from './usage.ts';
import { compiledValue, type Variable } from './variables.ts';

const table = new TypeTable();
const types = {
  int: table.int('int', 4, true),
  bool: table.int('bool', 1, false, true),
  text: table.array(table.int('char', 1, true), 16),
  pointer: table.add({ kind: 'pointer', target: 0 }),
};
const section = { name: '.rodata', size: 1024, data: new Uint8Array(1024), variables: [] };

function variable(
  name: string,
  type: keyof typeof types,
  meta: { cmdarg?: CommandArgument; value?: unknown; description?: string } = {},
): Variable {
  const id = types[type];
  return { name, type: id, offset: 0, size: table.sizeOf(id), section, meta: { name, type, ...meta } };
}

function optionsOf(...variables: Variable[]): readonly ProgramOption[] {
  return programOptions(variables, table);
}

const options = optionsOf(
  variable('pid', 'int', { cmdarg: { short: 'p' } }),
  variable('comm', 'text', { cmdarg: { short: 'c', long: 'command', help: 'only this command' } }),
  variable('failed', 'bool', { cmdarg: { short: 'f' } }),
  variable('quiet', 'bool', { cmdarg: { default: false, short: 'q' } }),
  variable('kernel', 'bool', { cmdarg: { default: true, short: 'k' }, description: 'kernel threads too' }),
  variable('events', 'pointer'),
);

/** Each value given, as its variable's name and its spelling. */
function given(...args: string[]): readonly string[] {
  const formatOf = new Map(options.map(({ variable: { name }, type }) => [name, type?.format]));
  return parseArguments(args, options).values.map(
    ({ variable: { name }, bytes }) => `${name}=${formatOf.get(name)?.(bytes)}`,
  );
}

function refusal(...args: string[]): ArgumentError {
  try {
    parseArguments(args, options);
  } catch (error) {
    if (error instanceof ArgumentError) return error;
    throw error;
  }
  throw new Error(`${args.join(' ')} should be refused`);
}

describe('parseArguments', () => {
  test.each([
    [['--pid', '42'], ['pid=42']],
    [['--pid=42'], ['pid=42']],
    [['-p', '42'], ['pid=42']],
    [['-p42'], ['pid=42']],
    [['-p=0x2a'], ['pid=42']],
    [['--pid', '-5'], ['pid=-5']],
    [['-p-5'], ['pid=-5']],
    [
      ['--pid', '1', '--pid', '2'],
      ['pid=1', 'pid=2'],
    ],
    [['--command', 'a b=c'], ['comm=a b=c']],
    [['--command=--pid'], ['comm=--pid']],
    [['--command='], ['comm=']],
    [['--command', '-'], ['comm=-']],
    [['--command', '--unknown'], ['comm=--unknown']],
    [['--failed'], ['failed=true']],
    [['--failed=false'], ['failed=false']],
    [['--enable-quiet'], ['quiet=true']],
    [['--disable-kernel'], ['kernel=false']],
    [['-fqk'], ['failed=true', 'quiet=true', 'kernel=false']],
    [
      ['-fp', '7'],
      ['failed=true', 'pid=7'],
    ],
    [['-fp7'], ['failed=true', 'pid=7']],
    [['--pid', '3', '--'], ['pid=3']],
    [[], []],
  ])('reads %j as %j', (args, values) => {
    expect(given(...args)).toEqual(values);
  });

  test.each([
    [['--pid', '99999999999'], '--pid: 99999999999 is out of range for int (-2147483648 to 2147483647)'],
    [['-p', 'x'], '-p: x is not of type int (-2147483648 to 2147483647)'],
    [['--pidd', '3'], '--pidd: unknown argument; did you mean --pid?'],
    [['--quiet'], '--quiet: unknown argument; did you mean --enable-quiet?'],
    [['-pid', '3'], '-p: id is not of type int (-2147483648 to 2147483647)'],
    [['-x'], '-x: unknown argument'],
    [['--pid'], '--pid: a value of type int is missing'],
    [['--pid', '--failed'], '--pid: a value of type int is missing'],
    [['--pid', '--'], '--pid: a value of type int is missing'],
    [['--disable-kernel=true'], '--disable-kernel: takes no value'],
    [['--verbose=1'], '--verbose: takes no value'],
    [['--events', '1'], "--events: a variable of type void * can't be given as an argument"],
    [['42'], '42: a program takes options only'],
    [['--', '42'], '42: a program takes options only'],
    [['-5'], '-5: unknown argument'],
    [[''], "'': a program takes options only"],
    [['--\x1b[31m'], '--\\x1b[31m: unknown argument'],
  ])('refuses %j: %s', (args, message) => {
    expect(refusal(...args).message).toBe(message);
  });

  test('lists what exists, without what no argument can set', () => {
    const error = refusal('--nothing-like-it');
    expect(error.known).toEqual([
      '--pid',
      '--command',
      '--failed',
      '--enable-quiet',
      '--disable-kernel',
      '--help',
      '--verbose',
    ]);
    expect(error.hint).toContain('--pid, --command, --failed');
  });

  test.each([[['--help']], [['-h']], [['-fh']], [['--pidd', '--help']], [['--pid', '--help']]])(
    'takes %j as asking for help',
    (args) => {
      expect(parseArguments(args, options).help).toBe(true);
    },
  );

  test('leaves --verbose to a program that has its own, but not --help', () => {
    const own = optionsOf(variable('verbose', 'bool'), variable('help', 'bool'));
    const parsed = parseArguments(['--verbose'], own);
    expect(parsed).toMatchObject({ verbose: false, help: false });
    expect(parsed.values).toHaveLength(1);
    expect(parseArguments(['--help'], own).help).toBe(true);
    expect(parseArguments(['--verbose'], options).verbose).toBe(true);
  });

  test('never fails but with ArgumentError', () => {
    const word = fc.oneof(
      fc.constantFrom('--pid', '-p', '--pid=', '--command', '-fqk', '-', '--', '--=', '-f=', '--kernel'),
      fc.string(),
      fc.string().map((text) => `--${text}`),
      fc.string({ unit: 'binary' }).map((text) => `-${text}`),
      fc.integer().map(String),
    );
    fc.assert(
      fc.property(fc.array(word), (args) => {
        try {
          for (const { variable: at, bytes } of parseArguments(args, options).values) {
            expect(bytes).toHaveLength(at.size);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(ArgumentError);
          // eslint-disable-next-line no-control-regex -- no control character may reach a terminal
          expect((error as ArgumentError).message).not.toMatch(/[\x00-\x1f\x7f-\x9f]/);
        }
      }),
    );
  });

  test('every int arrives, written in any of the ways', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        for (const args of [['--pid', `${value}`], [`--pid=${value}`], ['-p', `${value}`], [`-p${value}`]]) {
          expect(given(...args)).toEqual([`pid=${value}`]);
        }
      }),
    );
  });
});

describe('programOptions', () => {
  test('passes over a name that another variable has taken', () => {
    const [first, second] = optionsOf(
      variable('a', 'int', { cmdarg: { long: 'limit', short: 'l' } }),
      variable('b', 'int', { cmdarg: { long: 'limit', short: 'l' } }),
    );
    expect(first).toMatchObject({ long: 'limit', short: 'l' });
    expect(second).toMatchObject({ long: 'b' });
    expect(second).not.toHaveProperty('short');
  });

  test('takes the whole long name from the package, also for a flag that is on by default', () => {
    const flags = optionsOf(variable('kernel', 'bool', { cmdarg: { default: true, long: 'user-only' } }));
    expect([...(parseArguments(['--user-only'], flags).values[0]?.bytes ?? [])]).toEqual([0]);
  });
});

describe('statedValues', () => {
  function stated(
    meta: { cmdarg?: CommandArgument; value?: unknown },
    type: keyof typeof types = 'int',
  ): number[] {
    return statedValues(optionsOf(variable('x', type, meta))).flatMap(({ bytes }) => [...bytes]);
  }

  test('are the default of the argument, else the value of the variable', () => {
    expect(stated({ value: 3 })).toEqual([3, 0, 0, 0]);
    expect(stated({ value: 3, cmdarg: { default: 5 } })).toEqual([5, 0, 0, 0]);
    expect(stated({ cmdarg: { default: '0x10' } })).toEqual([16, 0, 0, 0]);
    expect(stated({ cmdarg: { default: true } }, 'bool')).toEqual([1]);
    expect(stated({ cmdarg: { default: null } })).toEqual([]);
    expect(stated({})).toEqual([]);
  });

  test('that do not fit make the package invalid', () => {
    expect(() => stated({ value: 1e12 })).toThrow(
      'x: the value that the package states, 1000000000000 is out of range for int (-2147483648 to 2147483647)',
    );
    expect(() => stated({ value: { a: 1 } })).toThrow("x: the package states a value that isn't of type int");
    expect(() => stated({ value: 1 }, 'pointer')).toThrow('x: the package states a value');
  });
});

test('a value that is refused comes with the list of arguments too', () => {
  for (const args of [['--pid', 'x'], ['--pid', '99999999999'], ['--command', 'x'.repeat(99)], ['--pid']]) {
    expect(() => parseArguments(args, options)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^arguments: --pid, .*--help explains them$/) }),
    );
  }
});

describe('usageText', () => {
  const doc = { version: '0.1', brief: 'Trace opens', details: 'Shows who opens what.\nBy pid.' };
  const initial = ({ variable: at }: ProgramOption): Uint8Array => compiledValue(at);

  test('tells what a program is, its options, their types and what they are without being given', () => {
    expect(usageText({ name: 'opens', reference: 'dist/opens.json' }, doc, options, initial)).toBe(
      [
        'opens 0.1: Trace opens',
        '',
        'Shows who opens what.',
        'By pid.',
        '',
        'Usage: ecli run dist/opens.json [options]',
        '',
        'Options:',
        '  -p, --pid VALUE       (int; default: 0)',
        '  -c, --command VALUE   only this command (char[16])',
        '  -f, --failed          set failed to true (default: false)',
        '  -q, --enable-quiet    set quiet to true (default: false)',
        '  -k, --disable-kernel  kernel threads too (default: false)',
        '  -h, --help            print this help',
        "      --verbose         show libbpf's messages",
        '',
      ].join('\n'),
    );
  });

  test('shows of a long value its beginning', () => {
    const listing = optionsOf(variable('x', 'int'));
    const type = { ...listing[0]?.type, format: () => '1,'.repeat(1000) } as ArgumentType;
    const text = usageText(
      { name: 'a', reference: 'a' },
      {},
      [{ ...listing[0], type } as ProgramOption],
      initial,
    );
    expect(text).toContain(`default: ${'1,'.repeat(30)}…)`);
  });

  test('gives nobody the name of --help', () => {
    const own = optionsOf(variable('targ_help', 'int', { cmdarg: { long: 'help' } }));
    expect(own.map(({ long }) => long)).toEqual(['targ_help']);
  });

  test.each([
    ['-', 'ecli run - [options]'],
    ['my files/it.json', "ecli run 'my files/it.json' [options]"],
    ["it's", "ecli run 'it'\\''s' [options]"],
  ])('spells the reference %j as one that a shell takes', (reference, call) => {
    expect(usageText({ name: 'x', reference }, {}, [], initial)).toContain(`Usage: ${call}\n`);
  });

  test('breaks long descriptions between words', () => {
    const description = 'word '.repeat(60);
    const long = optionsOf(variable('x', 'int', { description }));
    const lines = usageText({ name: 'a', reference: 'a' }, { description }, long, initial).split('\n');
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
  });

  test('lets no control character of a package through', () => {
    const evil = optionsOf(variable('x\x1b[31m', 'int', { description: 'a\x1b]0;b\x07c' }));
    const text = usageText({ name: 'e\x1b', reference: '\x1b' }, { brief: '\x1b' }, evil, initial);
    // eslint-disable-next-line no-control-regex -- no control character may reach a terminal
    expect(text).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });
});
