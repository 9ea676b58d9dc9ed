import { constants } from 'node:fs';
import { chmod, copyFile, type FileHandle, lstat, open, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { EcliError, MediaType, printable, sniff, systemReason } from '@ecli/core';
import { makeFolders } from '@ecli/oci';

/** What of a pulled program its file depends on. */
export interface ProgramFile {
  open(): AsyncIterable<Uint8Array>;
  /** A file that holds the same bytes, which may be copied instead. */
  readonly path?: string | undefined;
  readonly mediaType: string;
  /** The file's name as whoever pushed it has it; may be anything. */
  readonly title?: string | undefined;
  /** The last word of the repository, of which a name is made where the title is none. */
  readonly name: string;
}

/** Where the program went, and whether something had been there. */
export interface SavedFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly replaced: boolean;
}

/** By media type: the ending that a title must have to be believed, and the name where it isn't. */
const NAMES: Readonly<Record<string, { readonly ending: string; of(name: string): string }>> = {
  [MediaType.package]: { ending: '.json', of: () => 'package.json' },
  [MediaType.object]: { ending: '.o', of: (name) => `${name}.bpf.o` },
  [MediaType.tar]: { ending: '.tar', of: (name) => `${name}.tar` },
  [MediaType.wasm]: { ending: '.wasm', of: (name) => `${name}.wasm` },
  [MediaType.wasmLayer]: { ending: '.wasm', of: (name) => `${name}.wasm` },
};

/** One component of a path, of letters that no shell or terminal acts on; hidden files and flags are none. */
const SAFE_NAME = /^[\p{L}\p{N}_][\p{L}\p{N}_.+-]{0,127}$/u;

/**
 * The name to save a program under. The title comes from whoever pushed it, so only its last component counts, and
 * only where it is a plain name with the ending of what the bytes are: no program becomes a Makefile.
 */
export function fileNameOf({ mediaType, title = '', name }: Omit<ProgramFile, 'open' | 'path'>): string {
  const kind = Object.hasOwn(NAMES, mediaType) ? NAMES[mediaType] : undefined;
  const last = title.split(/[/\\]/).at(-1) ?? '';
  if (kind && SAFE_NAME.test(last) && last.endsWith(kind.ending)) return last;
  return kind?.of(name) ?? name;
}

/**
 * Saves a program as `output` says: in the current folder under its own name, in a folder, which is made where `DIR/`
 * says that it is to be one, or as a file. A file that is there is replaced in one step, and a link by a file; a device
 * or pipe is written to.
 *
 * @throws OUTPUT_FAILED, also where its own name is that of a file that is no program
 */
export async function saveProgram(file: ProgramFile, output: string | undefined): Promise<SavedFile> {
  const path = await pathFor(file, output);
  try {
    const before = await lstat(path).catch(() => undefined);
    const sizeBytes = await ((await isDevice(path)) ? writeInto : replace)(path, file);
    return { path, sizeBytes, replaced: before?.isFile() === true };
  } catch (error) {
    throw isFromSystem(error) ? unwritable(path, error) : error;
  }
}

async function pathFor(file: ProgramFile, output: string | undefined): Promise<string> {
  if (output !== undefined && !output.endsWith('/') && !(await isDirectory(output))) return output;
  const path = join(output ?? '', fileNameOf(file));
  if (output !== undefined) makeFolder(output);
  await refuseForeign(path, file.mediaType);
  return path;
}

/** @throws OUTPUT_FAILED */
function makeFolder(path: string): void {
  try {
    makeFolders(path);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** A package.json may be that of a Node package, which nobody meant to lose. */
async function refuseForeign(path: string, mediaType: string): Promise<void> {
  if (!(await isForeign(path, mediaType))) return;
  throw new EcliError('OUTPUT_FAILED', `${printable(path)}: is there, and is no program`, {
    hint: `save it elsewhere: -o DIR or -o FILE; -o ${printable(path)} replaces it`,
  });
}

async function isForeign(path: string, mediaType: string): Promise<boolean> {
  const head = await readHead(path);
  if (head === undefined || head.byteLength === 0) return false;
  if (sniff(head) !== mediaType) return true;
  return mediaType === MediaType.package && !(await readFile(path)).includes('"bpf_object"');
}

/** As much as tells what it is: a tar's magic ends at byte 262. */
const HEAD_BYTES = 1024;

/** Undefined where there is no file. */
async function readHead(path: string): Promise<Uint8Array | undefined> {
  const stats = await stat(path).catch(() => undefined);
  if (!stats?.isFile()) return undefined;
  const handle = await open(path);
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES);
    return head.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}

async function isDevice(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => !stats.isFile() && !stats.isDirectory(),
    () => false,
  );
}

async function replace(path: string, file: ProgramFile): Promise<number> {
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}`);
  try {
    const sizeBytes = await writeDraft(draft, file);
    await rename(draft, path);
    return sizeBytes;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(draft, { force: true });
    throw error;
  }
}

async function writeDraft(draft: string, file: ProgramFile): Promise<number> {
  const handle = await open(draft, 'wx', 0o666);
  if (file.path === undefined) return write(handle, file.open());
  const { mode } = await handle.stat().finally(() => handle.close());
  // The kernel copies, or shares the blocks where the file system can; modes come along.
  await copyFile(file.path, draft, constants.COPYFILE_FICLONE);
  await chmod(draft, mode);
  return (await stat(draft)).size;
}

async function writeInto(path: string, file: ProgramFile): Promise<number> {
  return write(await open(path, 'w'), file.open());
}

async function write(handle: FileHandle, content: AsyncIterable<Uint8Array>): Promise<number> {
  try {
    let sizeBytes = 0;
    for await (const piece of content) {
      for (let written = 0; written < piece.byteLength;) {
        written += (await handle.write(piece, written)).bytesWritten;
      }
      sizeBytes += piece.byteLength;
    }
    return sizeBytes;
  } finally {
    await handle.close();
  }
}

function isFromSystem(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).syscall !== undefined;
}

function unwritable(path: string, cause: unknown): EcliError {
  const isFolderMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  const reason = isFolderMissing ? 'no such folder' : systemReason(cause);
  return new EcliError('OUTPUT_FAILED', `${printable(path)}: can't be written: ${reason}`, {
    cause,
    hint: isFolderMissing
      ? `make it first: mkdir -p ${printable(dirname(path))}`
      : 'save it elsewhere: -o DIR or -o FILE, or -o - for standard output',
  });
}
