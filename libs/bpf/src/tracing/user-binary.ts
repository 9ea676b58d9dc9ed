import { EcliError, nearNames, printable } from '@ecli/core';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { didYouMean } from '../failures.ts';
import { pathInRoot } from './path-in-root.ts';
import { requireProcess } from './require-process.ts';

/** Where libraries are, beside the folders of LD_LIBRARY_PATH: ld.so(8), and Debian's folders by architecture. */
const LIBRARY_FOLDERS = ['/lib64', '/usr/lib64', '/lib', '/usr/lib', '/usr/local/lib64', '/usr/local/lib'];
const TRIPLETS: Readonly<Record<string, string>> = {
  x64: 'x86_64-linux-gnu',
  arm64: 'aarch64-linux-gnu',
  riscv64: 'riscv64-linux-gnu',
};

/**
 * Finds the file of a program or library. One with a slash is a path; another name is looked for as the shell
 * does (PATH), and one that has `.so` in it as the loader does. With a process, paths are those that the process
 * sees, a name without a slash is that of a file it has mapped, and no name is the program it runs.
 *
 * @throws ATTACH_FAILED with near names for a file, or process, that isn't there
 */
export function findBinary(name: string | undefined, pid?: number): string {
  if (pid !== undefined) return findInProcess(name, pid);
  if (name === undefined) throw notThere('binary', '', []);
  if (name.includes('/')) return requireFile(resolve(name), name);
  const folders = searchedFolders(name);
  const found = folders.map((folder) => join(folder, name)).find(isFile);
  if (found !== undefined) return found;
  throw notThere('binary', name, folders.flatMap(namesIn), `it was looked for in ${folders.join(':')}`);
}

function searchedFolders(name: string): string[] {
  const listOf = (variable: string): string[] =>
    (process.env[variable] ?? '').split(':').filter((folder) => folder !== '');
  if (!/\.so(?:\.|$)/.test(name)) return listOf('PATH');
  const triplet = TRIPLETS[process.arch];
  const ofArchitecture = triplet === undefined ? [] : [`/lib/${triplet}`, `/usr/lib/${triplet}`];
  return [...listOf('LD_LIBRARY_PATH'), ...ofArchitecture, ...LIBRARY_FOLDERS];
}

function findInProcess(name: string | undefined, pid: number): string {
  requireProcess(pid);
  if (name === undefined) return `/proc/${pid}/exe`;
  if (name.includes('/')) return requireFile(pathInRoot(`/proc/${pid}/root`, resolve(name)), name);
  const mapped = mappedFiles(pid);
  const found = mapped.find((path) => basename(path) === name);
  if (found !== undefined) return `/proc/${pid}/root${found}`;
  throw notThere(
    `process ${pid}: its file`,
    name,
    mapped.map((path) => basename(path)),
  );
}

function mappedFiles(pid: number): string[] {
  const maps = mapsOf(pid);
  return [...new Set(Array.from(maps.matchAll(/ (\/.*)$/gm), ([, path = '']) => path))];
}

/** Those of kernel threads are empty, and not everyone may read those of others: proc_pid_maps(5). */
function mapsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/maps`, 'utf8');
  } catch (cause) {
    requireProcess(pid);
    throw new EcliError(
      'ATTACH_FAILED',
      `process ${pid}: what it has mapped can't be read: ${codeOf(cause)}`,
      {
        hint: `name the file by its path: ${pid}:/path/to/file:FUNCTION`,
        cause,
      },
    );
  }
}

function requireFile(path: string, name: string): string {
  if (isFile(path)) return path;
  const folder = dirname(path);
  const near = nearNames(basename(path), namesIn(folder)).map((each) => join(dirname(name), each));
  const reason = reasonOf(path);
  if (reason !== undefined) throw new EcliError('ATTACH_FAILED', `binary ${printable(name)}: ${reason}`);
  throw new EcliError('ATTACH_FAILED', `binary ${printable(name)}: isn't there`, didYouMean(near));
}

function notThere(subject: string, name: string, known: readonly string[], hint?: string): EcliError {
  const near = nearNames(name, new Set(known));
  const hints = near.length > 0 ? didYouMean(near) : hint === undefined ? {} : { hint };
  return new EcliError('ATTACH_FAILED', `${subject} ${printable(name)}: isn't there`, hints);
}

/** Why what is at `path` is no file, where something is, or may be. */
function reasonOf(path: string): string | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false }) && "isn't a file";
  } catch (error) {
    return `can't be looked at: ${codeOf(error)}`;
  }
}

/** What can't be reached, or has a name longer than the kernel takes, is none. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'unknown';
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
