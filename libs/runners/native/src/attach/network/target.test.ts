import { describe, expect, test } from '@jest/globals';
import type { BpfProgram } from '@ecli/bpf';
import { EcliError } from '@ecli/core';
import fc from 'fast-check';
import type { AttachRequest } from '../attachment.ts';
import { numberOption, parseTarget } from './target.ts';

const TAKES = { words: ['ingress', 'egress'], options: ['priority', 'parent', 'defrag'] };

function request(asked?: string): AttachRequest {
  return {
    program: { name: 'on_packet', section: 'tc' } as BpfProgram,
    meta: { name: 'on_packet', attach: 'tc', link: true },
    kind: 'tc',
    target: '',
    ...(asked !== undefined && { asked }),
  };
}

function errorOf(read: () => unknown): { code: string; message: string; hint: string | undefined } {
  try {
    read();
  } catch (error) {
    if (error instanceof EcliError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('a place', () => {
  const cases: readonly [string | undefined, string, string | undefined, [string, string][]][] = [
    [undefined, '', undefined, []],
    ['', '', undefined, []],
    ['eth0', 'eth0', undefined, []],
    ['eth0:egress', 'eth0', 'egress', []],
    [':egress', '', 'egress', []],
    ['eth0,parent=1:10', 'eth0', undefined, [['parent', '1:10']]],
    [
      'eth0:ingress,priority=0x10,defrag',
      'eth0',
      'ingress',
      [
        ['priority', '0x10'],
        ['defrag', ''],
      ],
    ],
  ];
  for (const [asked, place, word, options] of cases) {
    test(`is read from ${asked ?? 'nothing'}`, () => {
      expect(parseTarget(request(asked), TAKES)).toEqual({ place, word, options: new Map(options) });
    });
  }

  test('is refused with the argument, what is wrong with it, and near words', () => {
    expect(errorOf(() => parseTarget(request('eth0:egres'), TAKES))).toMatchObject({
      code: 'ARGUMENT_INVALID',
      message: '--attach on_packet=eth0:egres: egres is not known here',
      hint: 'did you mean egress?',
    });
    expect(errorOf(() => parseTarget(request('eth0,\x1b[31m'), TAKES)).message).toBe(
      '--attach on_packet=eth0,\\x1b[31m: \\x1b[31m is not known here',
    );
    expect(errorOf(() => parseTarget(request('eth0:x'))).hint).toBe('nothing follows the place here');
  });

  test('is read or refused, whatever it is', () => {
    const read = (text: string): unknown => parseTarget(request(text), TAKES);
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          read(text);
        } catch (error) {
          expect(error).toBeInstanceOf(EcliError);
        }
      }),
    );
  });
});

describe('the number of an option', () => {
  const range = { otherwise: 7, least: -5, most: 0xffff };
  const read = (value: string): number => {
    const asked = request(`eth0,priority=${value}`);
    return numberOption(asked, parseTarget(asked, TAKES), 'priority', range);
  };

  test('is decimal or hexadecimal, and another where it is not given', () => {
    expect([read('0'), read('-5'), read('65535'), read('0xFfFf')]).toEqual([0, -5, 65535, 65535]);
    expect(numberOption(request(), parseTarget(request(), TAKES), 'priority', range)).toBe(7);
  });

  for (const value of ['', '1.5', '1e3', ' 1', '-6', '65536', '0x', 'one', '-0x1']) {
    test(`is not ${JSON.stringify(value)}`, () => {
      expect(errorOf(() => read(value)).message).toContain('is no whole number from -5 to 65535');
    });
  }
});
