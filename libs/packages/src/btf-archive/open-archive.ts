import { type Dirent, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { EcliError, printable } from '@ecli/core';
import { readTar } from '../tar.ts';
import type { ArchivedFile, BtfArchive } from './btf-archive.ts';

/** What BTFHub's layout has of folders, and one that may be around it. */
const DEEPEST = 5;

/** The BTF archive in a tar; its files are views of the tar's bytes. Names in it are never paths here. */
export function archiveInTar(content: Uint8Array, name: string): BtfArchive {
  const files = (): ArchivedFile[] =>
    Array.from(readTar(content, name), ({ path, content: file }) => ({
      path: path.replace(/^\.\//, ''),
      size: file.byteLength,
      read: () => file,
    }));
  return { name, files };
}

/** The BTF archive in a folder. */
export function archiveInFolder(folder: string): BtfArchive {
  const files = (): ArchivedFile[] =>
    pathsBelow(folder, '', DEEPEST)
      .sort()
      .map((path) => {
        const file = join(folder, path);
        return { path, size: sizeOf(file), read: () => readBtfFile(file) };
      });
  return { name: folder, files };
}

/** Paths of files in a folder, relative to it. What a dot begins (`.git`) is none of the archive's. */
function pathsBelow(folder: string, prefix: string, depth: number): string[] {
  const entries = listFolder(join(folder, prefix)).filter(({ name }) => !name.startsWith('.'));
  return entries.flatMap((entry) => {
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return depth > 1 ? pathsBelow(folder, path, depth - 1) : [];
  });
}

function listFolder(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    throw unreadable(folder, cause);
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readBtfFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(path: string, cause: unknown): EcliError {
  const { code } = cause as NodeJS.ErrnoException;
  return new EcliError('ARTIFACT_UNREADABLE', `${printable(path)}: can't be read (${code})`, { cause });
}
