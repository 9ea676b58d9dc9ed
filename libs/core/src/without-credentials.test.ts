import { describe, expect, test } from '@jest/globals';
import { hasCredentials, withoutCredentials } from './without-credentials.ts';

describe('withoutCredentials', () => {
  test.each([
    ['https://user:token@ghcr.io/org/tool:v1', 'https://ghcr.io/org/tool:v1'],
    ['oci://user:p@ss:word@ghcr.io/org/tool', 'oci://ghcr.io/org/tool'],
    ['HTTP://user@host', 'HTTP://host'],
    ['https://user:tok\nen@host/x', 'https://host/x'],
  ])('takes them from %j', (reference, expected) => {
    expect(withoutCredentials(reference)).toBe(expected);
    expect(hasCredentials(reference)).toBe(true);
  });

  test.each(['ghcr.io/org/tool@sha256:00', 'https://host/a@b', './a@b', 'a://b?c@d', '-'])(
    'leaves %j as it is',
    (reference) => {
      expect(withoutCredentials(reference)).toBe(reference);
      expect(hasCredentials(reference)).toBe(false);
    },
  );
});
