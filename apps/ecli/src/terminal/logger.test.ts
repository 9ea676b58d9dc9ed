import { describe, expect, test } from '@jest/globals';
import { Logger, parseLogLevel } from './logger.ts';

describe('parseLogLevel', () => {
  test.each([
    [undefined, 'warn'],
    ['', 'warn'],
    ['debug', 'debug'],
    ['INFO', 'info'],
  ])('reads %s', (text, level) => {
    expect(parseLogLevel(text)).toBe(level);
  });

  test('refuses another word, naming the nearest level', () => {
    expect(() => parseLogLevel('debgu')).toThrow('ECLI_LOG=debgu: not a level of diagnostics');
    expect(refusal('debgu')).toMatchObject({
      message: 'ECLI_LOG=debgu: not a level of diagnostics',
      hint: 'did you mean debug?',
    });
    expect(refusal('1')).toMatchObject({ hint: 'levels: error, warn, info, debug' });
  });

  function refusal(text: string): unknown {
    try {
      return parseLogLevel(text);
    } catch (error) {
      return error;
    }
  }
});

describe('Logger', () => {
  function logger(): { readonly log: Logger; readonly written: string[] } {
    const written: string[] = [];
    return { log: new Logger((text) => written.push(text)), written };
  }

  test('shows warnings and errors until it is raised', () => {
    const { log, written } = logger();
    for (const level of ['error', 'warn', 'info', 'debug'] as const) log.log(level, 'x');
    log.raise('debug');
    log.raise('info');
    log.log('debug', 'y');
    expect(written).toEqual(['error: x\n', 'warn: x\n', 'debug: y\n']);
  });

  test('spells out control characters', () => {
    const { log, written } = logger();
    log.log('warn', 'a\x1b]0;title\x07b\n');
    expect(written).toEqual(['warn: a\\x1b]0;title\\x07b\n']);
  });
});
