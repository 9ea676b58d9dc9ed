import { closeSync, existsSync, openSync, readFileSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ElfFile, type ObjectFile, readBtfExt } from '@ecli/btf';
import { EcliError, MediaType, printable, sniff } from '@ecli/core';
import {
  type ArchivedBtf,
  archiveInFolder,
  archiveInTar,
  type BtfArchive,
  checkBtfHeader,
  chooseBtf,
  type KernelIdentity,
  runningKernel,
} from '@ecli/packages';

/** What of a machine decides against which BTF a program is relocated. */
export interface KernelMachine {
  /** Whether the kernel offers BTF of its own. */
  hasBtf(): boolean;
  kernel(): KernelIdentity;
  /** Upstream's variable for kernels without BTF of their own; an empty one is none. */
  btfFilePath(): string | undefined;
}

export const THIS_MACHINE: KernelMachine = {
  hasBtf: () => existsSync('/sys/kernel/btf/vmlinux'),
  kernel: () => runningKernel(),
  btfFilePath: () => {
    const path = process.env['BTF_FILE_PATH'];
    return path === '' ? undefined : path;
  },
};

/** BTF where libbpf can open it; `close` once the program is loaded. */
export interface KernelBtf {
  /** For people: what the user named, or where in an archive it was found. */
  readonly name: string;
  readonly path: string;
  close(): void;
}

interface Request {
  readonly btfPath?: string;
  readonly archive?: BtfArchive;
  readonly file: ObjectFile;
}

/**
 * Finds the BTF to relocate against in place of the kernel's own: what is asked for, else `BTF_FILE_PATH`, else,
 * where the kernel has none and the object depends on its types, that of the package's archive.
 *
 * @returns undefined where libbpf is to take the kernel's own
 * @throws ARTIFACT_NOT_FOUND, ARTIFACT_UNREADABLE, OBJECT_INVALID, OUTPUT_FAILED
 */
export function findKernelBtf(
  { btfPath, archive, file }: Request,
  machine: KernelMachine,
): KernelBtf | undefined {
  const named = btfPath ?? machine.btfFilePath();
  if (named !== undefined) return namedBtf(named, machine);
  if (!archive || machine.hasBtf() || readBtfExt(file).relocations.size === 0) return undefined;
  return nameless(chooseBtf(archive, machine.kernel()));
}

function namedBtf(path: string, machine: KernelMachine): KernelBtf {
  const archive = archiveAt(path);
  if (archive) return nameless(chooseBtf(archive, machine.kernel()));
  return { name: path, path, close: () => {} };
}

/** A folder or a tar is an archive; any other file is BTF by itself. */
function archiveAt(path: string): BtfArchive | undefined {
  try {
    if (statSync(path).isDirectory()) return archiveInFolder(path);
    const content = readFileSync(path);
    if (sniff(content) === MediaType.tar) return archiveInTar(content, path);
    checkBtf(content, path);
    return undefined;
  } catch (cause) {
    if (cause instanceof EcliError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    const isAbsent = code === 'ENOENT' || code === 'ENOTDIR';
    throw new EcliError(
      isAbsent ? 'ARTIFACT_NOT_FOUND' : 'ARTIFACT_UNREADABLE',
      `${printable(path)}: ${isAbsent ? 'no such file or folder' : `can't be read (${code})`}`,
      { hint: WHAT_IS_TAKEN, cause },
    );
  }
}

const WHAT_IS_TAKEN = "--btf and BTF_FILE_PATH take a BTF file, or a folder or tar in BTFHub's layout";
const ELF_MAGIC = '\x7fELF';

/** libbpf takes an ELF file's .BTF section too, and looks at none of it for an object that depends on no type. */
function checkBtf(content: Uint8Array, path: string): void {
  const isElf = Buffer.from(content.subarray(0, ELF_MAGIC.length)).toString('latin1') === ELF_MAGIC;
  try {
    if (!isElf) return checkBtfHeader(content, path);
    if (ElfFile.parse(content).section('.BTF')) return;
  } catch (cause) {
    throw notBtf(path, cause);
  }
  throw notBtf(path);
}

function notBtf(path: string, cause?: unknown): EcliError {
  return new EcliError('ARTIFACT_UNREADABLE', `${printable(path)}: isn't BTF of this machine`, {
    hint: WHAT_IS_TAKEN,
    cause,
  });
}

/**
 * Puts BTF where libbpf can open it by a path: in a file that has lost its name, and so is gone with this process
 * whatever becomes of it.
 */
function nameless({ name, content }: ArchivedBtf): KernelBtf {
  const path = join(tmpdir(), `ecli-${process.pid}-${randomBytes(6).toString('hex')}.btf`);
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
    for (let written = 0; written < content.length;) written += writeSync(descriptor, content, written);
  } catch (cause) {
    if (descriptor !== undefined) closeSync(descriptor);
    const { code } = cause as NodeJS.ErrnoException;
    throw new EcliError('OUTPUT_FAILED', `${printable(tmpdir())}: no place for the kernel's BTF (${code})`, {
      hint: 'name another folder: TMPDIR=FOLDER ecli …',
      cause,
    });
  }
  const open = descriptor;
  return { name, path: `/proc/self/fd/${open}`, close: () => closeSync(open) };
}
