import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Btf, ElfFile } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';

/** BTF of a kernel in a file; `read` reads it whole. */
export interface KernelBtf {
  readonly path: string;
  /** @throws OBJECT_INVALID for a file that is neither BTF nor an ELF file with BTF */
  readonly read: () => Btf;
}

/**
 * Finds the BTF of kernels: a file by itself, or in a folder and those below it all `.btf` files and `vmlinux`
 * images. Sorted by path.
 *
 * @throws ARTIFACT_NOT_FOUND where there is no such file or folder, or nothing in it
 */
export function findKernelBtf(path: string): readonly KernelBtf[] {
  const paths = isFolder(path) ? filesBelow(path) : [path];
  if (paths.length === 0) {
    throw new EcliError('ARTIFACT_NOT_FOUND', `${printable(path)}: no BTF of a kernel in it`, {
      hint: 'files that end in .btf are looked for, and images called vmlinux; BTFHub has them as .btf.tar.xz to unpack',
    });
  }
  return paths.map((each) => ({ path: each, read: () => readBtf(each) }));
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw new EcliError('ARTIFACT_NOT_FOUND', `${printable(path)}: can't be read`, {
      hint: 'name a BTF file, or a folder that holds some',
      cause,
    });
  }
}

function filesBelow(folder: string): string[] {
  return entriesBelow(folder)
    .filter((entry) => !entry.isDirectory() && /\.btf$|^vmlinux/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function entriesBelow(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch (cause) {
    const path = (cause as NodeJS.ErrnoException).path ?? folder;
    throw new EcliError('ARTIFACT_UNREADABLE', `${printable(path)}: the folder can't be read`, { cause });
  }
}

function readBtf(path: string): Btf {
  const bytes = read(path);
  if (bytes[0] !== 0x7f) return Btf.parse(bytes);
  const section = ElfFile.parse(bytes).section('.BTF');
  if (section) return Btf.parse(section.data);
  throw new EcliError('OBJECT_INVALID', 'ELF: the file has no section .BTF');
}

/** A pipe would be waited for, and a device may have no end. */
function read(path: string): Buffer {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    throw new EcliError('ARTIFACT_UNREADABLE', 'it is no file');
  }
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new EcliError('ARTIFACT_UNREADABLE', "the file can't be read", { cause });
  }
}
