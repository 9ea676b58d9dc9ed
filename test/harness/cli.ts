import { afterEach } from '@jest/globals';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from './eventually.ts';
import { repository } from './repository.ts';

export interface CliOptions {
  /** What stands on standard input; without it, it is empty. */
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A command that runs the command line instead of us running it (namespace.ts). */
  readonly via?: readonly string[];
  /** Another copy of the repository's files than the one at its own place. */
  readonly repository?: string;
  /** A descriptor that takes standard output, which the result doesn't have then. */
  readonly stdout?: number;
}

export interface CliResult {
  /** The exit code; null when a signal ended the process. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The greatest resident size, where the process lived to its own end. */
  readonly peakBytes: number | undefined;
}

/** A command line at work. */
export interface RunningCli {
  /** Of node itself. */
  readonly pid: number;
  /** Whole lines of standard output so far. */
  lines(): readonly string[];
  /** Standard error so far. */
  said(): string;
  /** Does `trigger` again and again until a line of output matches, and returns that line. */
  untilLine(pattern: RegExp, trigger?: () => unknown): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Whether the process has ended; its output may still be on the way. */
  hasEnded(): boolean;
  /** Holds back reading standard output, as a slow reader does; `resume` goes on. */
  pause(): void;
  resume(): void;
  readonly result: Promise<CliResult>;
}

const running = new Set<ChildProcess>();
let built = false;
let counter = 0;

/** A test that fails half-way leaves its command line running. */
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** The command and arguments that start the command line, for tests that start it by a shell. */
export function cliCommand(at = repository): string[] {
  buildOnce();
  return [process.execPath, join(at, 'apps/ecli/dist/main.js')];
}

function buildOnce(): void {
  if (built) return;
  const script = "import { buildBundle } from './scripts/build.mjs'; await buildBundle();";
  const args = ['--input-type=module', '--eval', script];
  execFileSync(process.execPath, args, { cwd: repository, stdio: ['ignore', 'ignore', 'inherit'] });
  built = true;
}

/** Runs the built command line to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  return startCli(args, options).result;
}

/** Starts the built command line, which ends with the test that started it at the latest. */
export function startCli(args: readonly string[], options: CliOptions = {}): RunningCli {
  const peak = join(tmpdir(), `ecli-test-peak-${process.pid}-${counter++}`);
  const [command = '', ...rest] = [...(options.via ?? []), ...cliCommand(options.repository), ...args];
  const child = spawn(command, rest, {
    cwd: options.cwd,
    env: environment(peak, options),
    stdio: ['pipe', options.stdout ?? 'pipe', 'pipe'],
  });
  child.stdin?.on('error', ignoreBrokenPipe).end(options.input);
  return watch(child, peak);
}

/** As a user's shell has it, less what Jest and this machine add, with a cache apart from the user's. */
function environment(peak: string, { env, repository: at = repository }: CliOptions): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _jest, NODE_EXTRA_CA_CERTS: _slow, NODE_ENV: _test, ...inherited } = process.env;
  return {
    ...inherited,
    NODE_OPTIONS: `--import=${join(at, 'test/harness/peak-memory.mjs')}`,
    ECLI_TEST_PEAK_MEMORY: peak,
    XDG_CACHE_HOME: join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ecli-test'),
    ...env,
  };
}

function watch(child: ChildProcess, peak: string): RunningCli {
  const output = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  running.add(child);
  const result = once(child, 'close').then(([code, signal]): CliResult => {
    running.delete(child);
    return { code, signal, ...output, peakBytes: takePeak(peak) };
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const lines = () => output.stdout.split('\n').slice(0, -1);
  return {
    pid: child.pid ?? 0,
    lines,
    said: () => output.stderr,
    untilLine: (pattern, trigger) =>
      eventually(`a line like ${pattern}; ${output.stderr}`, async () => {
        const ended = hasEnded();
        await trigger?.();
        const line = lines().find((each) => pattern.test(each));
        if (ended && !line) throw new Error(`ended with ${child.exitCode}: ${output.stderr}`);
        return line;
      }),
    signal: (name) => void child.kill(name),
    hasEnded,
    pause: () => void child.stdout?.pause(),
    resume: () => void child.stdout?.resume(),
    result,
  };
}

function takePeak(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8')) * 1024;
  } catch {
    return undefined;
  } finally {
    rmSync(path, { force: true });
  }
}

/** The command line may end without having read its input. */
function ignoreBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
