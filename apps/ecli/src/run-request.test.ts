import { describe, expect, test } from '@jest/globals';
import { ArgumentError } from '@ecli/core';
import { readFlags } from './flags.ts';
import { runFlags } from './run-flags.ts';
import { adoptFlag, requestOf, type RunRequest } from './run-request.ts';

/** What `ecli run` with these words asks for; `x` is the reference. */
function requested(...words: readonly string[]): RunRequest {
  const { flags, operands } = readFlags([...words, 'x'], runFlags, true);
  return requestOf(operands[0] ?? '', operands.slice(1), flags);
}

describe('requestOf', () => {
  test('asks for nothing that was not said', () => {
    expect(requested()).toEqual({ reference: 'x', args: [] });
  });

  test.each<[string[], Partial<RunRequest>]>([
    [['-o', 'csv'], { format: 'csv' }],
    [['--output=raw'], { format: 'raw' }],
    [['-j'], { format: 'json' }],
    [['-j', '-o', 'json'], { format: 'json' }],
    [['-o', 'json', '-o', 'csv'], { format: 'csv' }],
    [['--fields', 'pid, comm,a.b,c[1]'], { presentation: { fields: ['pid', 'comm', 'a.b', 'c[1]'] } }],
    [['--filter', 'pid==42', '--filter', 'comm~^ba'], { presentation: { filters: ['pid==42', 'comm~^ba'] } }],
    [['--sort', '-count'], { presentation: { sort: '-count' } }],
    [['--map', 'a', '--map', 'b'], { presentation: { maps: ['a', 'b'] } }],
    [['--timestamps', 'iso'], { presentation: { timestamps: 'iso' } }],
    [['--folded'], { presentation: { folded: true } }],
    [['--color', 'never'], { color: 'never' }],
    [
      ['--attach', 'on_packet=eth0', '--attach', 'probe=/bin/sh:a=b'],
      {
        attach: [
          { program: 'on_packet', target: 'eth0' },
          { program: 'probe', target: '/bin/sh:a=b' },
        ],
      },
    ],
    [['--netns', '/run/netns/blue'], { netns: '/run/netns/blue' }],
    [['--frequency', '99'], { frequency: 99 }],
    [['--on-slow', 'drop'], { onSlow: 'drop' }],
    [['--stats', '--trace'], { stats: true, trace: true }],
    [['--btf', 'archive'], { btfPath: 'archive' }],
    [['--timeout', '2.5', '--max-events', '3'], { timeoutMs: 2500, maxEvents: 3 }],
  ])('%j', (words, expected) => {
    expect(requested(...words)).toEqual({ reference: 'x', args: [], ...expected });
  });

  test.each<[string[], string, string | undefined]>([
    [['--output', 'jsn'], '--output jsn: no such format', 'did you mean json?'],
    [['-o', 'yaml'], '--output yaml: no such format', 'formats: text, json, csv, raw'],
    [['-j', '-o', 'csv'], '--output: both csv and json', 'there is one output: say which'],
    [
      ['-o', 'raw', '--fields', 'pid'],
      "--fields: raw events are the kernel's bytes alone",
      'with -o json or -o csv that can be had',
    ],
    [
      ['-o', 'raw', '--timestamps', 'iso'],
      "--timestamps: raw events are the kernel's bytes alone",
      'with -o json or -o csv that can be had',
    ],
    [['-j', '--folded'], '--folded: writes text, and --output says json', 'one of the two'],
    [['--timestamps', 'utx'], '--timestamps utx: no such kind', 'did you mean utc?'],
    [['--color', 'alwys'], '--color alwys: no such choice', 'did you mean always?'],
    [['--on-slow', 'dorp'], '--on-slow dorp: no such choice', 'did you mean drop?'],
    [
      ['--fields', 'a,,b'],
      '--fields a,,b: an empty name',
      'names with commas between them: --fields pid,comm',
    ],
    [['--fields', ''], '--fields: its value is empty', undefined],
    [['--filter', ''], '--filter: its value is empty', undefined],
    [['--sort='], '--sort: its value is empty', undefined],
    [['--map', ''], '--map: its value is empty', undefined],
    [['--netns', ''], '--netns: its value is empty', undefined],
    ...['eth0', '=eth0', 'prog=', ''].map((text): [string[], string, string] => [
      ['--attach', text],
      `--attach ${text}: not a program and its target`,
      "the program's name, =, and where it is attached: --attach on_packet=eth0",
    ]),
    ...['0', '-1', '1.5', 'x'].map((text): [string[], string, string] => [
      ['--frequency', text],
      `--frequency ${text}: not a number of samples a second`,
      'a whole number, 1 or more',
    ]),
  ])('refuses %j', (words, message, hint) => {
    let error: unknown;
    try {
      requested(...words);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error).toMatchObject({ message, hint });
  });
});

describe('adoptFlag', () => {
  /** As a program does that knows no argument at all. */
  const unknownAt = (position: number): ArgumentError =>
    new ArgumentError('unknown argument', [], { position });

  /** What comes of words after the reference, when the program knows none of them. */
  function adopted(request: RunRequest): RunRequest {
    const next = request.args.length === 0 ? undefined : adoptFlag(request, unknownAt(0));
    return next ? adopted(next) : request;
  }

  test('takes every flag that may follow the reference as if it stood before', () => {
    const words = [
      ...['-o', 'csv', '--fields', 'a', '--filter', 'a==1', '--sort', '-a', '--map', 'm', '--timestamps=utc'],
      ...['--color', 'never', '--attach', 'p=lo', '--netns', 'n', '--frequency', '1', '--timeout', '1'],
      ...['--max-events', '1', '--on-slow', 'drop', '--stats', '--trace', '--export', 's', '--btf', 'b'],
    ];
    expect(adopted({ reference: 'x', args: words })).toEqual(requested(...words));
  });

  test('adds to what was said before', () => {
    const request = {
      ...requested('--filter', 'a==1', '--attach', 'p=lo', '-o', 'csv'),
      args: ['--filter', 'b==2'],
    };
    expect(adopted(request)).toEqual({
      ...requested('--filter', 'a==1', '--filter', 'b==2', '--attach', 'p=lo', '-o', 'csv'),
    });
  });

  test('takes letters together, with the value of the last', () => {
    expect(adopted({ reference: 'x', args: ['-jvo', 'json'] })).toEqual({
      ...requested('-j'),
      verbose: true,
    });
  });

  test('refuses a second format, as before the reference', () => {
    expect(() => adopted({ ...requested('-o', 'csv'), args: ['-j'] })).toThrow('--output: both csv and json');
  });

  test("refuses what says how the reference is read, and leaves the program's own", () => {
    expect(() => adopted({ reference: 'x', args: ['-p', 'json'] })).toThrow('-p: must stand before x');
    expect(adoptFlag({ reference: 'x', args: ['--pid'] }, unknownAt(0))).toBeUndefined();
  });
});
