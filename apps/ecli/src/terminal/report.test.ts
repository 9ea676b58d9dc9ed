import { describe, expect, test } from '@jest/globals';
import { ArgumentError, EcliError } from '@ecli/core';
import { exitCodeOf, reportOf } from './report.ts';

const error = new EcliError('LOAD_FAILED', 'x: refused', {
  hint: 'first\nsecond',
  details: 'the long story\n',
  cause: new Error('EPERM'),
});

describe('reportOf', () => {
  test('says the message and the hint, and that there is more', () => {
    expect(reportOf(error, false)).toBe(
      'error: x: refused\nhint: first\n      second\nhint: -v shows all that was said\n',
    );
  });

  test('says all of it, with the cause and no stack, to those who ask', () => {
    expect(reportOf(error, true)).toBe(
      'error: x: refused\nthe long story\nhint: first\n      second\ncaused by: EPERM\n',
    );
  });

  test('has the words of a compiler as they are, asked or not', () => {
    const details = 'x.c:1:1: error: expected identifier\nint\n   ^\n';
    const failed = new EcliError('BUILD_FAILED', 'x.c: does not compile', { details });
    for (const verbose of [false, true]) {
      expect(reportOf(failed, verbose)).toBe(`error: x.c: does not compile\n${details}`);
    }
  });

  test('is one line where there is nothing to add', () => {
    expect(reportOf(new EcliError('LOAD_FAILED', 'x'), false)).toBe('error: x\n');
  });

  test.each([new TypeError('x is undefined'), 'a string', undefined])('owns up to a bug: %s', (bug) => {
    expect(reportOf(bug, false)).toContain('this is a bug in ecli');
    expect(reportOf(bug, false)).not.toContain('    at ');
    expect(reportOf(new TypeError('x'), true)).toContain('    at ');
  });
});

test('wrong use exits with 2, all else with 1', () => {
  expect([new ArgumentError('x', []), error, new Error('bug')].map(exitCodeOf)).toEqual([2, 1, 1]);
});
