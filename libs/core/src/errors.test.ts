import { describe, expect, test } from '@jest/globals';
import { ArgumentError, EcliError, VerifierRejectedError } from './errors.ts';

describe('EcliError', () => {
  test('keeps code, hint, details and cause', () => {
    const cause = new Error('ENOENT');
    const error = new EcliError('ARTIFACT_NOT_FOUND', 'x: not found', {
      hint: 'look',
      details: 'long',
      cause,
    });
    expect(error).toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      message: 'x: not found',
      hint: 'look',
      details: 'long',
    });
    expect(error.cause).toBe(cause);
  });

  test('has no cause where none was given', () => {
    expect('cause' in new EcliError('LOAD_FAILED', 'x')).toBe(false);
  });

  test.each([
    [new EcliError('LOAD_FAILED', 'x'), 'EcliError'],
    [new ArgumentError('x', []), 'ArgumentError'],
    [new VerifierRejectedError('x', ''), 'VerifierRejectedError'],
  ])('%s names its class', (error, name) => {
    expect(error.name).toBe(name);
    expect(error).toBeInstanceOf(EcliError);
    expect(error).toBeInstanceOf(Error);
  });
});

test('an ArgumentError lists the arguments that exist', () => {
  const error = new ArgumentError('--pidd: unknown argument', ['--pid'], { hint: 'did you mean --pid?' });
  expect(error).toMatchObject({ code: 'ARGUMENT_INVALID', known: ['--pid'], hint: 'did you mean --pid?' });
});

test("a VerifierRejectedError gives the verifier's log as its details", () => {
  const error = new VerifierRejectedError('x: rejected', '0: (b7) r0 = 0\n');
  expect(error).toMatchObject({
    code: 'VERIFIER_REJECTED',
    details: '0: (b7) r0 = 0\n',
    verifierLog: error.details,
  });
});
