import { expect } from '@jest/globals';
import type { CliResult } from '../harness/index.ts';

export interface Refusal {
  /** 1 unless stated; 2 for arguments. */
  readonly code?: number;
  /** What is wrong, and where. */
  readonly message: RegExp | string;
  /** What to do about it. */
  readonly hint?: RegExp | string;
}

/** Any control character but a line break; a terminal would obey them. */
// eslint-disable-next-line no-control-regex -- control characters are what this finds
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;
const STACK_TRACE = /^\s+at .*[:(]/m;

/** Checks that the command line refused as a user may expect of it: in words, and without a crash. */
export function expectRefusal(result: CliResult, { code = 1, message, hint }: Refusal): void {
  expect(result.stderr).toMatch(message);
  if (hint) expect(result.stderr).toMatch(hint);
  expect({ code: result.code, signal: result.signal, stdout: result.stdout }).toEqual({
    code,
    signal: null,
    stdout: '',
  });
  expectPlainWords(result);
}

/** Checks that nothing in the output is a stack trace or would reach a terminal as a command. */
export function expectPlainWords({ stdout, stderr }: CliResult): void {
  expect(stderr).not.toMatch(STACK_TRACE);
  expect(stderr).not.toMatch(/\b(?:undefined|NaN|\[object \w+\])/);
  expect(stdout).not.toMatch(CONTROL);
  expect(stderr).not.toMatch(CONTROL);
}
