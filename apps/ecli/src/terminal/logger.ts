import { EcliError, nearNames, printable, printableLines } from '@ecli/core';

/** What diagnostics are shown: each level with those before it. */
export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const DEFAULT_LEVEL: LogLevel = 'warn';

/**
 * Reads `ECLI_LOG`.
 *
 * @throws ARGUMENT_INVALID for another word than a level
 */
export function parseLogLevel(text: string | undefined): LogLevel {
  if (text === undefined || text === '') return DEFAULT_LEVEL;
  const level = LOG_LEVELS.find((candidate) => candidate === text.toLowerCase());
  if (level) return level;
  const [near] = nearNames(text, LOG_LEVELS);
  throw new EcliError('ARGUMENT_INVALID', `ECLI_LOG=${printable(text)}: not a level of diagnostics`, {
    hint: near ? `did you mean ${near}?` : `levels: ${LOG_LEVELS.join(', ')}`,
  });
}

/** Writes diagnostics as lines `level: message`, safe for a terminal. */
export class Logger {
  constructor(
    private readonly write: (text: string) => void,
    private level: LogLevel = DEFAULT_LEVEL,
  ) {}

  shows(level: LogLevel): boolean {
    return LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(this.level);
  }

  /** Shows `level` and what stands before it, if it doesn't already. */
  raise(level: LogLevel): void {
    if (!this.shows(level)) this.level = level;
  }

  log(level: LogLevel, message: string): void {
    if (this.shows(level)) this.write(`${level}: ${printableLines(message.trimEnd())}\n`);
  }
}
