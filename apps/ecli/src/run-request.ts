import {
  ArgumentError,
  EcliError,
  MediaType,
  printable,
  type LoadSpec,
  type OutputFormat,
  type Presentation,
  type Timestamps,
  withoutCredentials,
} from '@ecli/core';
import { commonFlags } from './command.ts';
import {
  notEmpty,
  parseAttachTarget,
  parseCount,
  parseNames,
  parseTimeout,
  parseWord,
} from './flag-values.ts';
import { namesOf, readFlags, type FlagValues } from './flags.ts';
import { leadingFlags, wishFlags, type runFlags } from './run-flags.ts';
import { COLOR_CHOICES, type ColorChoice } from './terminal/screen/colors.ts';

/** What of a LoadSpec the user may wish for. */
type Wishes = Pick<
  LoadSpec,
  'attach' | 'netns' | 'frequency' | 'onSlow' | 'stats' | 'trace' | 'exportType' | 'maxEvents' | 'btfPath'
>;

/** What the user asked for. */
export interface RunRequest extends Wishes {
  readonly reference: string;
  readonly args: readonly string[];
  /** Absent where the user didn't say: text. */
  readonly format?: OutputFormat;
  readonly presentation?: Omit<Presentation, 'screen'>;
  readonly color?: ColorChoice;
  readonly mediaType?: string;
  /** Milliseconds from attach to the end; without it the program runs until something else ends it. */
  readonly timeoutMs?: number;
  /** Shows diagnostics from load on. */
  readonly verbose?: boolean;
}

const FORMATS: readonly OutputFormat[] = ['text', 'json', 'csv', 'raw'];
const TIMESTAMPS: readonly Timestamps[] = ['local', 'utc', 'iso', 'relative', 'none'];
const ON_SLOW = ['wait', 'drop'] as const;

/** The words of `-p`. */
const PROGRAM_TYPES = {
  json: MediaType.package,
  object: MediaType.object,
  c: MediaType.source,
  tar: MediaType.tar,
  wasm: MediaType.wasm,
} as const;

type ProgramType = keyof typeof PROGRAM_TYPES;

const adoptableFlags = { ...wishFlags, verbose: commonFlags.verbose };

/** Reads what `ecli run` was called with. @throws ARGUMENT_INVALID for a value that makes no sense */
export function requestOf(
  reference: string,
  args: readonly string[],
  given: FlagValues<typeof runFlags>,
): RunRequest {
  const type = given['program-type'];
  return wishing(
    {
      reference,
      // `ecli run REF -- --pid 3` says aloud what holds anyway: what follows is the program's.
      args: args[0] === '--' ? args.slice(1) : args,
      ...(type !== undefined && { mediaType: parseProgramType(type) }),
    },
    given,
  );
}

/**
 * Takes one flag of ours from among the program's arguments, where `error` says that the program doesn't know
 * it: `ecli run REF -j`. Undefined when there is none.
 */
export function adoptFlag(request: RunRequest, error: unknown): RunRequest | undefined {
  const { args } = request;
  const position = positionOfFlag(args, error);
  const [name = '', inlineValue] = (args[position] ?? '').split('=', 2);
  if (namesOf(leadingFlags).includes(name)) throw misplaced(name, request.reference);
  if (!isOurs(name)) return undefined;
  const words = args.slice(position, position + (inlineValue === undefined && takesValue(name) ? 2 : 1));
  const { flags } = readFlags(words, adoptableFlags, true);
  return wishing(
    {
      ...request,
      args: args.toSpliced(position, words.length),
      ...(flags.verbose && { verbose: true }),
    },
    flags,
  );
}

/** `--json`, `-j`, and several letters together: `-jv`, `-jo`. */
function isOurs(name: string): boolean {
  const names = namesOf(adoptableFlags);
  return (
    names.includes(name) || (/^-\w+$/.test(name) && lettersOf(name).every((short) => names.includes(short)))
  );
}

/** Whether the next word is the value of the flag, or of the last of several letters. */
function takesValue(name: string): boolean {
  const last = name.startsWith('--') ? name : lettersOf(name).at(-1);
  return Object.entries(adoptableFlags).some(
    ([long, flag]) =>
      'value' in flag && (last === `--${long}` || ('short' in flag && last === `-${flag.short}`)),
  );
}

function lettersOf(cluster: string): string[] {
  return Array.from(cluster.slice(1), (letter) => `-${letter}`);
}

function misplaced(name: string, reference: string): ArgumentError {
  return new ArgumentError(
    `${name}: must stand before ${printable(withoutCredentials(reference))}, for it says how that is read`,
    [],
  );
}

/** The unknown argument, or `--export` where it is what a program lacks that doesn't say what its events are. */
function positionOfFlag(args: readonly string[], error: unknown): number {
  if (error instanceof ArgumentError) return error.position ?? -1;
  const lacksType = error instanceof EcliError && error.code === 'PACKAGE_INVALID';
  return lacksType ? args.findIndex((argument) => /^--export(=|$)/.test(argument)) : -1;
}

/** `request`, and what `given` adds to it. @throws ARGUMENT_INVALID for wishes that exclude each other */
function wishing(request: RunRequest, given: FlagValues<typeof wishFlags>): RunRequest {
  const format = formatOf(request, given);
  const presentation = { ...request.presentation, ...presentationOf(given, request.presentation) };
  refuseContradiction(format, presentation);
  const attach = [
    ...(request.attach ?? []),
    ...given.attach.map((text) => parseAttachTarget('--attach', text)),
  ];
  return {
    ...request,
    ...wishesOf(given),
    ...(format !== undefined && { format }),
    ...(attach.length > 0 && { attach }),
    ...(Object.keys(presentation).length > 0 && { presentation }),
  };
}

/** @throws ARGUMENT_INVALID for what a format has no place for */
function refuseContradiction(
  format: OutputFormat | undefined,
  { folded, fields, timestamps = 'none' }: NonNullable<RunRequest['presentation']>,
): void {
  if (folded && format !== undefined && format !== 'text') {
    throw new ArgumentError(`--folded: writes text, and --output says ${format}`, [], {
      hint: 'one of the two',
    });
  }
  if (format !== 'raw' || (!fields && timestamps === 'none')) return;
  throw new ArgumentError(
    `${fields ? '--fields' : '--timestamps'}: raw events are the kernel's bytes alone`,
    [],
    {
      hint: 'with -o json or -o csv that can be had',
    },
  );
}

/** `-j` is one way to say it, `-o` the other; those that differ leave none to believe. */
function formatOf(
  request: RunRequest,
  { output, json }: FlagValues<typeof wishFlags>,
): OutputFormat | undefined {
  const said: readonly (OutputFormat | undefined)[] = [
    request.format,
    output === undefined ? undefined : parseWord('--output', output, FORMATS, 'format'),
    json ? 'json' : undefined,
  ];
  const [first, ...others] = said.filter((format) => format !== undefined);
  const other = others.find((format) => format !== first);
  if (first === undefined || other === undefined) return first;
  throw new ArgumentError(`--output: both ${first} and ${other}`, FORMATS, {
    hint: 'there is one output: say which',
  });
}

function presentationOf(
  given: FlagValues<typeof wishFlags>,
  before: RunRequest['presentation'],
): NonNullable<RunRequest['presentation']> {
  const { fields, sort, timestamps, folded } = given;
  const filters = [...(before?.filters ?? []), ...given.filter.map((text) => notEmpty('--filter', text))];
  const maps = [...(before?.maps ?? []), ...given.map.map((text) => notEmpty('--map', text))];
  return {
    ...(fields !== undefined && { fields: parseNames('--fields', fields) }),
    ...(filters.length > 0 && { filters }),
    ...(sort !== undefined && { sort: notEmpty('--sort', sort) }),
    ...(maps.length > 0 && { maps }),
    ...(timestamps !== undefined && {
      timestamps: parseWord('--timestamps', timestamps, TIMESTAMPS, 'kind'),
    }),
    ...(folded && { folded }),
  };
}

function wishesOf(given: FlagValues<typeof wishFlags>): Partial<RunRequest> {
  const { netns, frequency, timeout, export: exportType, btf, color, stats, trace } = given;
  const { 'max-events': maxEvents, 'on-slow': onSlow } = given;
  return {
    ...(color !== undefined && { color: parseWord('--color', color, COLOR_CHOICES, 'choice') }),
    ...(netns !== undefined && { netns: notEmpty('--netns', netns) }),
    ...(frequency !== undefined && { frequency: parseCount('--frequency', frequency, 'samples a second') }),
    ...(timeout !== undefined && { timeoutMs: parseTimeout('--timeout', timeout) }),
    ...(maxEvents !== undefined && { maxEvents: parseCount('--max-events', maxEvents, 'events') }),
    ...(onSlow !== undefined && { onSlow: parseWord('--on-slow', onSlow, ON_SLOW, 'choice') }),
    ...(stats && { stats }),
    ...(trace && { trace }),
    ...(exportType !== undefined && { exportType: notEmpty('--export', exportType) }),
    ...(btf !== undefined && { btfPath: notEmpty('--btf', btf) }),
  };
}

export function parseProgramType(text: string): string {
  const types = Object.keys(PROGRAM_TYPES) as ProgramType[];
  return PROGRAM_TYPES[parseWord('--program-type', text, types, 'type')];
}
