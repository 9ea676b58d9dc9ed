import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { EcliError, printable } from '@ecli/core';

/** What a build needs and where systems keep it: the packages of apt, dnf, apk and pacman. */
const PACKAGES = {
  clang: ['clang', 'clang', 'clang', 'clang'],
  'llvm-strip': ['llvm', 'llvm', 'llvm', 'llvm'],
  bpftool: ['bpftool', 'bpftool', 'bpftool', 'bpf'],
  headers: ['libbpf-dev', 'libbpf-devel', 'libbpf-dev', 'libbpf'],
} as const;

export type Requirement = keyof typeof PACKAGES;

/** Says how to install a requirement, a line each package manager. */
export function installHint(requirement: Requirement): string {
  const [apt, dnf, apk, pacman] = PACKAGES[requirement];
  return [
    `install it: apt install ${apt}`,
    `        or: dnf install ${dnf}`,
    `        or: apk add ${apk}`,
    `        or: pacman -S ${pacman}`,
  ].join('\n');
}

/** Debian keeps bpftool where an ordinary user's PATH does not lead. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];

/**
 * Finds a requirement, or the program that the user names in its place: as the shell does, then among the
 * system's own. A name with a slash is a path.
 *
 * @throws TOOL_MISSING with the command that installs the requirement
 */
export function findTool(requirement: Exclude<Requirement, 'headers'>, named?: string): string {
  const name = named ?? requirement;
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  const paths = name.includes('/') ? [name] : folders.filter(Boolean).map((folder) => join(folder, name));
  const path = paths.find(isExecutable);
  if (path !== undefined) return path;
  const problem = paths.some((candidate) => existsSync(candidate)) ? 'not a program' : 'no such program';
  throw new EcliError('TOOL_MISSING', `${printable(name)}: ${problem}`, {
    hint: named === undefined ? installHint(requirement) : `it is to be taken for ${requirement}`,
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

export interface Command {
  readonly tool: string;
  readonly args: readonly string[];
  readonly input?: Uint8Array;
  /** Takes the command line, for people. */
  readonly diagnose?: (line: string) => void;
  /** Kills the program when it is aborted. */
  readonly signal?: AbortSignal;
}

export interface CommandResult {
  /** 0, or what the program exits with; undefined when a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs a program to its end, without a shell.
 *
 * @throws TOOL_MISSING when it can't be started; the reason of `signal` when that is aborted
 */
export async function runTool({ tool, args, input, diagnose, signal }: Command): Promise<CommandResult> {
  signal?.throwIfAborted();
  diagnose?.(printable([tool, ...args].join(' ')));
  return new Promise((resolve, reject) => {
    const child = spawn(tool, args, { stdio: ['pipe', 'pipe', 'pipe'], signal });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => {
      // The program has ended without reading its input; its exit says why.
    });
    child.on('error', (cause) => {
      if (signal?.aborted) return; // it has been killed: 'close' comes next
      reject(new EcliError('TOOL_MISSING', `${printable(tool)}: cannot be started`, { cause }));
    });
    child.on('close', (code) => {
      // Ctrl-C reaches the compiler too: what it then says of itself is no answer.
      if (signal?.aborted) return reject(signal.reason as Error);
      resolve({
        code: code ?? undefined,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString(),
      });
    });
    child.stdin.end(input);
  });
}
