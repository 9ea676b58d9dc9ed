import { beforeAll, describe, expect, test } from '@jest/globals';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { kernelObjectsNamed, runCli, temporaryFolder } from '../harness/index.ts';
import { expectRefusal } from './refusal.ts';
import { PROGRAM_NAME, buildSample, writePackage } from './sample-program.ts';

const folder = temporaryFolder();

describe("a program's arguments that are wrong end with 2 and what would be right", () => {
  let path: string;

  beforeAll(async () => {
    if (!whyNoKernel()) path = writePackage(folder, 'sample', await buildSample(folder));
  }, 60_000);

  const cases: readonly [string, readonly string[], RegExp, RegExp?][] = [
    ['unknown', ['--nonsense'], /--nonsense/, /--only_pid/],
    ['nearly right', ['--only_pidd', '1'], /--only_pidd/, /did you mean.*--only_pid\b/],
    ['a word too many', ['word'], /word/],
    ['not a number', ['--only_pid', 'many'], /--only_pid.*int.*-2147483648.*2147483647/],
    ['half a number', ['--only_pid', '12abc'], /--only_pid/],
    ['an empty number', ['--only_pid='], /--only_pid/],
    ['a fraction', ['--only_pid', '1.5'], /--only_pid/],
    ['too great', ['--only_pid', '2147483648'], /--only_pid.*2147483647/],
    ['too small', ['--only_pid=-2147483649'], /--only_pid.*-2147483648/],
    ['too great for a byte', ['--small_number', '256'], /--small_number.*255/],
    ['negative for an unsigned', ['--small_number=-1'], /--small_number.*\b0\b/],
    ['too long a text', ['--short_text', '12345678'], /--short_text.*7/],
    ['no value', ['--only_pid'], /--only_pid/],
  ];
  for (const [name, args, message, hint] of cases) {
    kernelTest(name, async () => {
      expectRefusal(await runCli(['run', path, ...args]), { code: 2, message, ...(hint && { hint }) });
      expect(kernelObjectsNamed(PROGRAM_NAME)).toEqual([]);
    });
  }
});

describe("ecli's own arguments that are wrong end with 2", () => {
  const cases: readonly [string, readonly string[], RegExp][] = [
    ['no reference', ['run'], /REF/],
    ['an unknown option', ['run', '--nonsense', 'x.json'], /--nonsense/],
    ['an unknown program type', ['run', '-p', 'picture', 'x'], /picture.*(?:json|object)/s],
    ['a timeout that is no number', ['run', '--timeout', 'soon', 'x.json'], /--timeout/],
    ['a timeout that is negative', ['run', '--timeout=-1', 'x.json'], /--timeout/],
    ['a count that is no number', ['run', '--max-events', 'few', 'x.json'], /--max-events/],
    ['a count of a half', ['run', '--max-events', '0.5', 'x.json'], /--max-events/],
  ];
  for (const [name, args, message] of cases) {
    test(name, async () => expectRefusal(await runCli(args), { code: 2, message }));
  }
});
