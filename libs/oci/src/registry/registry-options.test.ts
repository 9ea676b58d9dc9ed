import { expect, test } from '@jest/globals';
import { transportOf } from './registry-options.ts';

test('http:// is for this machine, unless plain http is allowed', () => {
  expect(transportOf('http')).toEqual({ plainHttp: false, scheme: 'http' });
  expect(transportOf('http', true)).toEqual({ plainHttp: true, scheme: 'http' });
});

test('https:// takes plain http back, and leaves this machine to be found out', () => {
  expect(transportOf('https', true)).toEqual({ plainHttp: false });
  expect(transportOf(undefined, true)).toEqual({ plainHttp: true });
});
