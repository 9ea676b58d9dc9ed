import { describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { systemReason } from './system-reason.ts';

describe('systemReason', () => {
  test('has words for what people meet', async () => {
    const error: unknown = await readFile('/proc/self/none').catch((reason: unknown) => reason);
    expect(systemReason(error)).toBe('no such file or folder');
    expect(systemReason({ code: 'ENOSPC' })).toBe('the disk is full');
  });

  test('says the code, or the message, where it has none', () => {
    expect(systemReason({ code: 'EXDEV' })).toBe('EXDEV');
    expect(systemReason(new Error('odd'))).toBe('odd');
    expect(systemReason('odd')).toBe('odd');
  });
});
