import { existsSync } from 'node:fs';
import { ArgumentError, hasCredentials, nearNames, printable } from '@ecli/core';
import { commands } from './commands.ts';
import type { Terminal } from './terminal/terminal.ts';
import { overview } from './usage.ts';
import { VERSION } from './version.ts';

/** How the process was called: `ecc` is `ecli build`. */
export type Binary = 'ecli' | 'ecc';

/** Runs one command line and returns its exit code. All that fails has been reported by then. */
export async function runCli(binary: Binary, argv: readonly string[], terminal: Terminal): Promise<number> {
  // Whoever is on this machine reads the arguments of all its processes; the title takes their place.
  if (argv.some(hasCredentials)) process.title = binary;
  try {
    terminal.configure(process.env);
    if (argv[0] === '--version' || argv[0] === '-V') return version(binary, terminal);
    return binary === 'ecc' ? await call('build', argv, terminal, 'ecc') : await dispatch(argv, terminal);
  } catch (error) {
    return terminal.fail(error);
  }
}

/** Mostly main.ts has answered already; not where standard output needs care. */
function version(binary: Binary, terminal: Terminal): number {
  terminal.print(`${binary} ${VERSION}\n`);
  return 0;
}

/** The first word is a command, or help, or else `run` goes without saying. */
async function dispatch(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [first, ...rest] = argv;
  if (first === undefined || first === '--help' || first === '-h') return help(undefined, terminal);
  if (first === 'help') return help(rest[0], terminal);
  if (first === 'version') return version('ecli', terminal);
  if (isCommand(first)) return call(first, rest, terminal);
  if (isVerbose(first) && rest[0] !== undefined && isCommand(rest[0])) {
    return call(rest[0], [first, ...rest.slice(1)], terminal);
  }
  refuseUnknownWord(first);
  return call('run', argv, terminal);
}

function help(topic: string | undefined, terminal: Terminal): Promise<number> | number {
  if (topic !== undefined && isCommand(topic)) return call(topic, ['--help'], terminal);
  if (topic !== undefined) refuseUnknownWord(topic);
  terminal.print(overview());
  return 0;
}

async function call(
  name: string,
  argv: readonly string[],
  terminal: Terminal,
  typed = `ecli ${name}`,
): Promise<number> {
  const entry = commands.find((candidate) => candidate.name === name);
  if (!entry) throw new Error(`${name}: not in the list of commands`);
  const command = await entry.load();
  return command.execute(argv, typed, terminal);
}

/** The one flag of all commands that people type before the command as well. */
function isVerbose(word: string): boolean {
  return word === '-v' || word === '--verbose';
}

function isCommand(word: string): boolean {
  return commands.some(({ name }) => name === word);
}

/** A bare word that is neither a command nor a file was meant to be one of the two; `run` knows more of files. */
function refuseUnknownWord(word: string): void {
  if (!/^[a-z][a-z-]*$/i.test(word) || isFile(word)) return;
  const known = commands.map(({ name }) => name);
  const [near] = nearNames(word, known);
  throw new ArgumentError(`${printable(word)}: neither a command nor a file here`, known, {
    hint: near ? `did you mean ecli ${near}?` : `commands: ${known.join(', ')}`,
  });
}

/** Whether there is such a file, or a program of which it is the stem: `opens` beside `opens.bpf.c`. */
function isFile(word: string): boolean {
  return ['', '.bpf.c', '.bpf.o', '.json'].some((suffix) => existsSync(`${word}${suffix}`));
}
