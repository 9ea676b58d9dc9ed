import { describe, expect, test } from '@jest/globals';
import { EcliError } from '@ecli/core';
import { CopyError } from '../copy/copy-error.ts';
import { parseReference } from '../reference/parse-reference.ts';
import { RegistryError } from '../registry/registry-error.ts';
import { transferFailure } from './transfer-failure.ts';

const reference = parseReference('oci://me:secret@ghcr.io/org/tool:v1');

describe('transferFailure', () => {
  test.each([
    [
      new EcliError('NETWORK_FAILED', 'ghcr.io: no such host'),
      'Failed to pull from registry: ghcr.io/org/tool:v1: ghcr.io: no such host',
    ],
    [
      new RegistryError('ghcr.io/org/tool@sha256:00: access denied (401)', { status: 401 }),
      'Failed to pull from registry: ghcr.io/org/tool:v1: access denied (401)',
    ],
    [
      new EcliError('MEDIA_TYPE_UNSUPPORTED', 'ghcr.io/org/tool:v1: no program in it'),
      'Failed to pull from registry: ghcr.io/org/tool:v1: no program in it',
    ],
    [
      new CopyError('to', 'RATE_LIMITED', new EcliError('RATE_LIMITED', 'too many requests')),
      'Failed to pull from registry: ghcr.io/org/tool:v1: too many requests',
    ],
  ])('says %s of which transfer it was', (error, message) => {
    expect(transferFailure('pull', reference, error)).toMatchObject({ code: error.code, message });
  });

  test('keeps the hint, unless there is a better one', () => {
    const error = new EcliError('RATE_LIMITED', 'too many', { hint: 'wait' });
    expect(transferFailure('push', reference, error)).toMatchObject({ hint: 'wait' });
    expect(transferFailure('push', reference, error, 'go')).toMatchObject({ hint: 'go' });
  });

  test.each([new EcliError('TRUST_REFUSED', 'x'), new EcliError('OUTPUT_FAILED', 'x'), new Error('a bug')])(
    'leaves %s as it is',
    (error) => expect(transferFailure('pull', reference, error)).toBe(error),
  );
});
