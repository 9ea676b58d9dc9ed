import { ArgumentError, createPluginHost, MediaType, nearNames, printable } from '@ecli/core';
import { defineCommand } from '../command.ts';
import { namesOf, type FlagTable, type FlagValues } from '../flags.ts';
import { plugins } from '../plugins.ts';
import { runProgram, type RunRequest } from '../program-run.ts';

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

const flags = {
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

/** `ecli run`: loads a program into the kernel and shows its events. */
export const runCommand = defineCommand({
  description: 'Loads a program into the kernel and shows its events until it is stopped (Ctrl-C).',
  operands: 'REF [arguments of the program]',
  count: { least: 1, most: Infinity },
  passesOn: true,
  flags,
  examples: [
    'ecli run examples/opens/opens.bpf.c --pid 42',
    'ecli run -j --max-events 10 thing.bpf.o',
    'cat package.json | ecli run -p json -',
  ],
  notes: `Flags of ecli stand before REF. All that stands after it is the program's own: \`ecli run REF --help\`
lists that. Exit codes: 0 it ended as asked, 1 it failed, 2 it was called wrongly, 130 and 143 it was
stopped by SIGINT and SIGTERM.`,

  async run(input, { stdout, stderr, logger, interruption }) {
    const [reference = '', ...args] = input.operands;
    const request = requestOf(reference, args, input.flags);
    const surroundings = { ...createPluginHost(plugins), stdout, stderr, logger, stop: interruption.signal };
    const exit = await runProgram(request, surroundings).catch((error: unknown) => {
      throw withPlaceOfFlags(error, request);
    });
    if (exit.reason !== undefined) logger.log('warn', `${reference}: ${exit.reason}`);
    return interruption.reason?.exitCode ?? exit.code;
  },
});

function requestOf(reference: string, args: readonly string[], given: FlagValues<typeof flags>): RunRequest {
  const { 'program-type': type, timeout, 'max-events': maxEvents, export: exportType } = given;
  const btfPath = given.btf ?? process.env['BTF_FILE_PATH'];
  return {
    reference,
    // `ecli run REF -- --pid 3` says aloud what holds anyway: what follows is the program's.
    args: args[0] === '--' ? args.slice(1) : args,
    format: given.json ? 'json' : 'text',
    ...(type !== undefined && { mediaType: parseProgramType(type) }),
    ...(timeout !== undefined && { timeoutMs: parseTimeout(timeout) }),
    ...(maxEvents !== undefined && { maxEvents: parseMaxEvents(maxEvents) }),
    ...(exportType !== undefined && { exportType }),
    ...(btfPath !== undefined && { btfPath }),
  };
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

/** Adds to a program's refusal of a flag that ecli has such a one, and where it stands. */
function withPlaceOfFlags(error: unknown, { args, reference }: RunRequest): unknown {
  if (!(error instanceof ArgumentError)) return error;
  const own = namesOf(flags);
  const misplaced = args
    .map((argument) => argument.split('=', 1)[0] ?? '')
    .find((name) => own.includes(name) && !error.known.includes(name));
  if (misplaced === undefined) return error;
  return new ArgumentError(error.message, error.known, {
    hint: `${misplaced} is a flag of ecli, and those stand before the program: ecli run ${misplaced} … ${printable(reference)}`,
    cause: error,
    ...(error.details !== undefined && { details: error.details }),
  });
}
