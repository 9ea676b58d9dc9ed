import { expect, test } from '@jest/globals';
import { isStartedByNohup } from './nohup.ts';

test.each<[NodeJS.ProcessEnv, boolean]>([
  [{ _: '/usr/bin/nohup' }, true],
  [{ _: 'nohup' }, true],
  [{ SUDO_COMMAND: '/usr/bin/nohup ecli run opens.bpf.c' }, true],
  [{ _: '/usr/bin/sudo', SUDO_COMMAND: '/usr/bin/ecli run nohup' }, false],
  [{ _: '/home/me/nohup/ecli' }, false],
  [{ _: '/usr/bin/nohupx' }, false],
  [{}, false],
])('%j: %j', (env, expected) => {
  expect(isStartedByNohup(env)).toBe(expected);
});
