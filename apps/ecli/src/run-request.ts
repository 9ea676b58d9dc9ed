import { ArgumentError, EcliError, MediaType, nearNames, printable } from '@ecli/core';
import { commonFlags } from './command.ts';
import { namesOf, readFlags, type FlagTable, type FlagValues } from './flags.ts';
import type { RunRequest } from './program-run.ts';

/** The words of `-p`. */
const PROGRAM_TYPES: Readonly<Record<string, string>> = {
  json: MediaType.package,
  object: MediaType.object,
  c: MediaType.source,
  tar: MediaType.tar,
  wasm: MediaType.wasm,
};

/** setTimeout counts milliseconds in 31 bits. */
const LONGEST_TIMEOUT_S = 2_147_483;

export const runFlags = {
  json: { short: 'j', help: 'write one JSON object for each event' },
  'program-type': {
    short: 'p',
    value: 'TYPE',
    help: `what REF is, where its bytes and name don't say: ${Object.keys(PROGRAM_TYPES).join(', ')}`,
  },
  timeout: { value: 'SECONDS', help: 'end after that long' },
  'max-events': { value: 'N', help: 'end after that many events' },
  export: { value: 'STRUCT', help: "the object's struct that its events are, where it doesn't say" },
  btf: { value: 'FILE', help: "relocate against this BTF instead of the running kernel's" },
} as const satisfies FlagTable;

/** Flags of `run` that may also stand among the program's arguments; the others decide how REF is read. */
const { 'program-type': programType, ...wishes } = runFlags;
const adoptable = { ...wishes, verbose: commonFlags.verbose };

/** Reads what `ecli run` was called with. @throws ARGUMENT_INVALID for a value that makes no sense */
export function requestOf(
  reference: string,
  args: readonly string[],
  given: FlagValues<typeof runFlags>,
): RunRequest {
  const type = given['program-type'];
  return {
    reference,
    // `ecli run REF -- --pid 3` says aloud what holds anyway: what follows is the program's.
    args: args[0] === '--' ? args.slice(1) : args,
    format: 'text',
    ...(type !== undefined && { mediaType: parseProgramType(type) }),
    ...wishesOf(given),
  };
}

/**
 * Takes one flag of ours from among the program's arguments, where `error` says that the program doesn't know
 * it: `ecli run REF -j`. Undefined when there is none.
 */
export function adoptFlag(request: RunRequest, error: unknown): RunRequest | undefined {
  const { args } = request;
  const position = positionOfFlag(args, error);
  const [name = '', inlineValue] = (args[position] ?? '').split('=', 2);
  if (namesOf({ 'program-type': programType }).includes(name)) throw misplaced(name, request.reference);
  if (!isOurs(name)) return undefined;
  const takesValue = Object.entries(adoptable).some(
    ([long, flag]) => 'value' in flag && name === `--${long}` && inlineValue === undefined,
  );
  const words = args.slice(position, position + (takesValue ? 2 : 1));
  const { flags } = readFlags(words, adoptable, true);
  return {
    ...request,
    ...wishesOf(flags),
    ...(flags.verbose && { verbose: true }),
    args: args.toSpliced(position, words.length),
  };
}

/** `--json`, `-j`, and several letters together: `-jv`. */
function isOurs(name: string): boolean {
  const names = namesOf(adoptable);
  return (
    names.includes(name) ||
    (/^-\w+$/.test(name) &&
      Array.from(name.slice(1), (letter) => `-${letter}`).every((short) => names.includes(short)))
  );
}

function misplaced(name: string, reference: string): ArgumentError {
  return new ArgumentError(
    `${name}: must stand before ${printable(reference)}, for it says how that is read`,
    [],
  );
}

/** The unknown argument, or `--export` where it is what a program lacks that doesn't say what its events are. */
function positionOfFlag(args: readonly string[], error: unknown): number {
  if (error instanceof ArgumentError) return error.position ?? -1;
  const lacksType = error instanceof EcliError && error.code === 'PACKAGE_INVALID';
  return lacksType ? args.findIndex((argument) => /^--export(=|$)/.test(argument)) : -1;
}

function wishesOf(given: FlagValues<typeof wishes>): Partial<RunRequest> {
  const { json, timeout, 'max-events': maxEvents, export: exportType, btf } = given;
  return {
    ...(json && { format: 'json' }),
    ...(timeout !== undefined && { timeoutMs: parseTimeout(timeout) }),
    ...(maxEvents !== undefined && { maxEvents: parseMaxEvents(maxEvents) }),
    ...(exportType !== undefined && { exportType: notEmpty('--export', exportType) }),
    ...(btf !== undefined && { btfPath: notEmpty('--btf', btf) }),
  };
}

function notEmpty(name: string, text: string): string {
  if (text !== '') return text;
  throw new ArgumentError(`${name}: its value is empty`, []);
}

function parseProgramType(text: string): string {
  const known = Object.keys(PROGRAM_TYPES);
  const mediaType = Object.hasOwn(PROGRAM_TYPES, text) ? PROGRAM_TYPES[text] : undefined;
  if (mediaType !== undefined) return mediaType;
  const [near] = nearNames(text, known);
  throw new ArgumentError(`--program-type ${printable(text)}: no such type`, known, {
    hint: near ? `did you mean ${near}?` : `types: ${known.join(', ')}`,
  });
}

function parseTimeout(text: string): number {
  const seconds = /^(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : NaN;
  if (seconds > 0 && seconds <= LONGEST_TIMEOUT_S) return seconds * 1000;
  throw new ArgumentError(`--timeout ${printable(text)}: not a number of seconds that can be waited`, [], {
    hint: `more than 0, at most ${LONGEST_TIMEOUT_S} (24 days), fractions too: --timeout 2.5`,
  });
}

function parseMaxEvents(text: string): number {
  const count = /^\d+$/.test(text) ? Number(text) : NaN;
  if (count > 0 && Number.isSafeInteger(count)) return count;
  throw new ArgumentError(`--max-events ${printable(text)}: not a number of events`, [], {
    hint: 'a whole number, 1 or more',
  });
}
