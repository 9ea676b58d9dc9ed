import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const repository = fileURLToPath(new URL('../../..', import.meta.url));
export const BIN = fileURLToPath(new URL('../bin/ecli.cjs', import.meta.url));
export const ECC_BIN = fileURLToPath(new URL('../bin/ecc.cjs', import.meta.url));

/** Builds the command line, if its sources have changed since. Call it before all tests of a file. */
export function buildCommandLine(): void {
  const script = "import { buildBundle } from './scripts/build.mjs'; await buildBundle();";
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: repository,
    env: cleanEnv(),
  });
}

/** The environment without what the test runner adds to it. */
export function cleanEnv(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _options, NODE_EXTRA_CA_CERTS: _certificates, ECLI_LOG: _log, ...env } = process.env;
  return env;
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface StartOptions {
  readonly bin?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdio?: ('pipe' | 'ignore' | number)[];
  /** A command that runs the command line instead of us running it. */
  readonly via?: readonly string[];
}

/** Starts the command line; `outcome` gives what became of it. */
export function start(args: readonly string[], options: StartOptions = {}): ChildProcess {
  const { bin = BIN, cwd, env, stdio = ['ignore', 'pipe', 'pipe'], via = [] } = options;
  const [command = '', ...rest] = [...via, process.execPath, bin, ...args];
  return spawn(command, rest, {
    stdio,
    env: { ...cleanEnv(), ...env },
    ...(cwd !== undefined && { cwd }),
  });
}

/** Waits for the end of a process and gives all that it wrote. */
export async function outcome(child: ChildProcess): Promise<Outcome> {
  const written = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, ...written };
}

/** Runs the command line to its end. */
export function run(args: readonly string[], options: StartOptions = {}): Promise<Outcome> {
  return outcome(start(args, options));
}
