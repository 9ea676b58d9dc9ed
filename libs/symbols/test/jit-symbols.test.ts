import { afterEach, describe, expect, test } from '@jest/globals';
import { appendFileSync, chownSync, rmSync, writeFileSync } from 'node:fs';
import { JitSymbols } from '../src/jit-symbols.ts';

const MAP = `/tmp/perf-${process.pid}.map`;
const PROCESS = '/proc/self';
afterEach(() => rmSync(MAP, { force: true }));

describe('JitSymbols', () => {
  test('reads the map of a process, and again when it has grown', () => {
    const symbols = new JitSymbols(PROCESS);
    expect(symbols.refresh(0)).toBe(false);
    writeFileSync(MAP, '1000 10 first\n');
    expect(symbols.refresh(1e9)).toBe(true);
    expect(symbols.find(0x1008)).toEqual({ name: 'first', start: 0x1000 });
    appendFileSync(MAP, '2000 10 second\n');
    expect(symbols.refresh(1e9 + 1)).toBe(false); // it was read just now
    expect(symbols.refresh(2e9)).toBe(true);
    expect(symbols.find(0x2008)?.name).toBe('second');
    expect(symbols.refresh(3e9)).toBe(false);
  });

  test('does not read one that another user put there', () => {
    if (process.getuid?.() !== 0) return; // only root can give a file away
    writeFileSync(MAP, '1000 10 planted\n');
    chownSync(MAP, 65534, 65534);
    const symbols = new JitSymbols(PROCESS);
    expect(symbols.refresh(0)).toBe(false);
    expect(symbols.find(0x1008)).toBeUndefined();
  });
});
