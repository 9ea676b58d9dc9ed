import { inspect } from 'node:util';
import { EcliError, type ErrorCode } from '@ecli/core';

/** Exit codes by what failed; all else is 1. A shell adds 128 and the signal's number by itself. */
const EXIT_CODES: Readonly<Partial<Record<ErrorCode, number>>> = { ARGUMENT_INVALID: 2 };

/** The exit code that stands for `error`. */
export function exitCodeOf(error: unknown): number {
  return (error instanceof EcliError ? EXIT_CODES[error.code] : undefined) ?? 1;
}

/** Failures whose details are the explanation: a compiler's own words. */
const EXPLAINED_BY_DETAILS: ReadonlySet<ErrorCode> = new Set(['BUILD_FAILED']);

/**
 * Says `error` to a person: the message, the hint, and with `verbose` the details and what caused it. A stack
 * is for bugs alone. Whoever prints it makes it printable.
 */
export function reportOf(error: unknown, verbose: boolean): string {
  if (!(error instanceof EcliError)) return bugReport(error, verbose);
  const parts = [`error: ${error.message}`];
  const showsDetails = verbose || EXPLAINED_BY_DETAILS.has(error.code);
  if (showsDetails && error.details) parts.push(error.details.trimEnd());
  if (error.hint) parts.push(`hint: ${error.hint.replaceAll('\n', '\n      ')}`);
  if (!showsDetails && error.details) parts.push('hint: -v shows all that was said');
  if (verbose) parts.push(...causesOf(error));
  return `${parts.join('\n')}\n`;
}

function bugReport(error: unknown, verbose: boolean): string {
  const message = error instanceof Error ? error.message : String(error);
  const parts = [
    `error: ${message}`,
    'this is a bug in ecli, not in your program; please report it with the stack',
    verbose ? stackOf(error) : 'hint: ECLI_LOG=debug shows the stack',
  ];
  return `${parts.join('\n')}\n`;
}

/** What led to `error`, a line each. */
function causesOf({ cause }: Error): string[] {
  if (cause === undefined) return [];
  if (!(cause instanceof Error)) return [`caused by: ${inspect(cause)}`];
  return [`caused by: ${cause.message}`, ...causesOf(cause)];
}

/** The stack of `error` and of what caused it. */
function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return `thrown: ${String(error)}`;
  const stack = error.stack ?? `${error.name}: ${error.message}`;
  return error.cause === undefined ? stack : `${stack}\ncaused by ${stackOf(error.cause)}`;
}
