import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { TransferState } from '@ecli/core';
import { Progress } from './progress.ts';

let opened: number;
let updates: number;
let progress: Progress;

beforeEach(() => {
  jest.useFakeTimers();
  opened = updates = 0;
  progress = new Progress(async () => {
    opened++;
    return {
      update: () => {
        updates++;
      },
    };
  });
});

afterEach(() => {
  jest.useRealTimers();
});

const report = (state: TransferState, id = 'x') => progress.report({ id, name: id, bytes: 1, state });

describe('Progress', () => {
  test('opens nothing for what is over soon', async () => {
    report('running');
    await jest.advanceTimersByTimeAsync(250);
    report('done');
    report('exists', 'y');
    await jest.advanceTimersByTimeAsync(5000);
    expect(opened).toBe(0);
  });

  test('opens bars once, for what takes its time, and has an end shown at once', async () => {
    report('running');
    report('running');
    await jest.advanceTimersByTimeAsync(350);
    report('running');
    report('running', 'y');
    await jest.advanceTimersByTimeAsync(1000);
    expect([opened, updates]).toEqual([1, 0]);
    report('done');
    expect(updates).toBe(1);
  });

  test('waits anew for the next one', async () => {
    report('running');
    report('done');
    await jest.advanceTimersByTimeAsync(350);
    report('running', 'y');
    await jest.advanceTimersByTimeAsync(350);
    expect(opened).toBe(1);
  });

  test('opens nothing any more once closed', async () => {
    report('running');
    progress.close();
    report('running', 'y');
    await jest.advanceTimersByTimeAsync(1000);
    expect(opened).toBe(0);
  });
});
