import { constants } from 'node:os';
import { expect, test } from '@jest/globals';
import { loadError } from './load-error.ts';

const object = { name: 'opens', programs: [], maps: [] };

/** What libbpf 1.1 says where a probe for global data finds no descriptor: it does without .rodata's map. */
const LINES = [
  "Error in probe_kern_global_data():Too many open files(24). Couldn't create simple array map.",
  "prog 'p': BPF program load failed: Invalid argument",
  "prog 'p': -- BEGIN PROG LOAD LOG --",
  "BPF map 'opens.rodata' is referenced but wasn't created",
  '-- END PROG LOAD LOG --',
  "prog 'p': failed to load: -22",
];

test.each([
  ['a probe', LINES, constants.errno.EINVAL],
  ['the load', LINES.slice(1), constants.errno.EMFILE],
])('a want of descriptors that %s met is no rejection by the verifier', (_who, lines, errno) => {
  const error = loadError(object, { value: -errno, lines, details: lines.join('\n') });
  expect(error).toMatchObject({
    code: 'LOAD_FAILED',
    message: 'program p: this process has too many open files: EMFILE',
    hint: 'raise the limit: ulimit -n 65536',
  });
});

test('what else a probe met leaves the verdict to the verifier', () => {
  const lines = LINES.map((line) => line.replace('(24)', '(1)'));
  expect(loadError(object, { value: -constants.errno.EINVAL, lines, details: '' })).toMatchObject({
    code: 'VERIFIER_REJECTED',
    message: expect.stringContaining("BPF map 'opens.rodata' is referenced but wasn't created"),
  });
});
