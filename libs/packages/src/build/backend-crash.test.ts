import { expect, test } from '@jest/globals';
import { readBackendCrash } from './backend-crash.ts';

const DUMP =
  'PLEASE submit a bug report to https://example.org/ and include the crash backtrace.\nStack dump:\n0.\tProgram arguments: clang';

test('keeps what clang said of the source before it crashed', () => {
  const errors = 'x.bpf.c:1:2: warning: odd\nError at line 9: Unsupport signed division for DAG: 0x1';
  const dump = `fatal error: error in backend: Cannot select: 0x1\n  0x2: i64 = sra 0x3\nIn function: on\n${DUMP}`;
  expect(readBackendCrash(`${errors}\n${dump}\n`)).toEqual({ errors, dump });
});

test('keeps the reason where clang said nothing else', () => {
  const reason = 'fatal error: error in backend: too many arguments';
  expect(readBackendCrash(`${reason}\n${DUMP}\n`)).toEqual({ errors: reason, dump: `${reason}\n${DUMP}` });
});

test('is none where clang only refuses the source', () => {
  expect(readBackendCrash('x.bpf.c:1:2: error: expected ;\n1 error generated.\n')).toBeUndefined();
});
