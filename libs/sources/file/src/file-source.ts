import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  descriptorOf,
  EcliError,
  mediaTypeOf,
  printable,
  type Artifact,
  type FetchContext,
  type Source,
} from '@ecli/core';
import { notFound, unreadable } from './failures.ts';
import { isLocal, parseLocation } from './location.ts';
import { isProgramName } from './program-name.ts';
import { readFifo, readFile, readStdin, type ReadLimits } from './read.ts';

export interface FileSourceOptions {
  /** The largest program taken, in bytes; 256 MiB by default. */
  readonly limitBytes?: number;
}

const DEFAULT_LIMIT_BYTES = 256 * 1024 * 1024;

/** Reads programs from files, folders that hold a package.json, FIFOs, and standard input. */
export class FileSource implements Source {
  readonly name = 'file';
  readonly takes = 'a file, a folder that holds a package.json, and - for standard input';
  private readonly limitBytes: number;

  constructor(options: FileSourceOptions = {}) {
    this.limitBytes = options.limitBytes ?? DEFAULT_LIMIT_BYTES;
  }

  supports(reference: string): boolean {
    return isLocal(reference);
  }

  /** @throws ARTIFACT_NOT_FOUND, ARTIFACT_TOO_LARGE, ARTIFACT_UNREADABLE, REFERENCE_UNSUPPORTED */
  async fetch(reference: string, context: FetchContext): Promise<Artifact> {
    context.signal.throwIfAborted();
    const location = parseLocation(reference);
    const limits: ReadLimits = { ...context, limitBytes: this.limitBytes };
    if (location.kind === 'stdin') {
      return describe(reference, await readStdin(limits), '', context.mediaType);
    }
    const file = await locateProgram(location.path);
    if (file.stats.isFIFO()) {
      return describe(reference, await readFifo(file.path, limits), file.path, context.mediaType);
    }
    const content = await readFile(file.path, file.stats, limits);
    return { ...describe(reference, content, file.path, context.mediaType), path: file.path };
  }
}

function describe(
  reference: string,
  content: Uint8Array,
  name: string,
  stated: string | undefined,
): Artifact {
  if (content.byteLength === 0) throw emptiness(reference);
  return { reference, content, descriptor: descriptorOf(content, stated ?? mediaTypeOf(content, name)) };
}

function emptiness(reference: string): EcliError {
  if (reference !== '-') return new EcliError('ARTIFACT_UNREADABLE', `${printable(reference)}: empty`);
  return new EcliError('ARTIFACT_UNREADABLE', 'standard input: empty', {
    hint: 'send a program: cat package.json | ecli run -',
  });
}

interface ProgramFile {
  readonly path: string;
  readonly stats: Stats;
}

/** The file to read for `path`: itself, or the package.json of a folder. */
async function locateProgram(path: string): Promise<ProgramFile> {
  const stats = await statOf(path);
  const file = stats.isDirectory() ? await packageOf(path) : { path, stats };
  if (file.stats.isFile() || file.stats.isFIFO()) return file;
  throw new EcliError('ARTIFACT_UNREADABLE', `${printable(file.path)}: ${kindOf(file.stats)}, not a file`);
}

async function statOf(path: string): Promise<Stats> {
  try {
    return await stat(path);
  } catch (error) {
    throw isAbsence(error) ? await notFound(path) : await unreadable(path, error);
  }
}

async function packageOf(folder: string): Promise<ProgramFile> {
  const path = join(folder, 'package.json');
  try {
    return { path, stats: await stat(path) };
  } catch (error) {
    if (!isAbsence(error)) throw await unreadable(path, error);
  }
  const programs = (await readdir(folder).catch(() => [])).filter(isProgramName).sort();
  const hint =
    programs[0] === undefined ? undefined : `did you mean ${printable(join(folder, programs[0]))}?`;
  throw new EcliError(
    'ARTIFACT_NOT_FOUND',
    `${printable(folder)}: a folder without a package.json`,
    hint === undefined ? {} : { hint },
  );
}

function isAbsence(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isSocket()) return 'a socket';
  return stats.isBlockDevice() ? 'a block device' : 'a character device';
}
