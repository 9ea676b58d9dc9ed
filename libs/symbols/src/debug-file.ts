import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { FileSource } from './byte-source.ts';
import { type DebugLink, ElfImage } from './elf-image.ts';
import type { SymbolTable } from './symbol-table.ts';

const DEBUG_FOLDER = '/usr/lib/debug';
const CRC_CHUNK_BYTES = 1 << 20;
/**
 * Of all debug files that are looked at for one program: a second of reading, while nothing else is done. Larger ones
 * are found by their build id.
 */
const MOST_CRC_BYTES = 256 << 20;

/** What is known of the file whose symbols are wanted. */
export interface StrippedFile {
  /** Folders that paths are looked up under: the process's root, and ours, which is empty. */
  readonly roots: readonly string[];
  readonly path: string;
  readonly image: Pick<ElfImage, 'buildId' | 'debugLink'>;
}

/**
 * Reads the symbols from a file's separate debug file, looked for where GDB does: by build id, then by the name
 * in `.gnu_debuglink` (GDB's manual, "Debugging Information in Separate Files"). A file is taken if its build id or
 * its CRC is the right one.
 */
export function debugFileSymbols({ roots, path, image }: StrippedFile): SymbolTable | undefined {
  const { buildId, debugLink } = image;
  for (const root of buildId === undefined ? [] : roots) {
    const symbols = symbolsOf(root + buildIdPath(buildId ?? ''), buildId, undefined);
    if (symbols) return symbols;
  }
  if (!debugLink) return undefined;
  const wanted = { crc: debugLink.crc, bytesLeft: MOST_CRC_BYTES };
  for (const candidate of roots.flatMap((root) => linkPaths(root, path, debugLink))) {
    const symbols = symbolsOf(candidate, buildId, wanted);
    if (symbols) return symbols;
  }
  return undefined;
}

function buildIdPath(id: string): string {
  return `${DEBUG_FOLDER}/.build-id/${id.slice(0, 2)}/${id.slice(2)}.debug`;
}

function linkPaths(root: string, path: string, { name }: DebugLink): string[] {
  const folder = dirname(path);
  return [folder, join(folder, '.debug'), join(DEBUG_FOLDER, folder)].map((one) => root + join(one, name));
}

/** The CRC that a debug file must have, and how much may still be read to find that out. */
interface WantedCrc {
  readonly crc: number;
  bytesLeft: number;
}

function symbolsOf(
  path: string,
  buildId: string | undefined,
  wanted: WantedCrc | undefined,
): SymbolTable | undefined {
  const file = FileSource.open(path);
  try {
    const image = file && ElfImage.open(file);
    if (!image) return undefined;
    const isRight = buildId !== undefined && image.buildId === buildId;
    return isRight || (wanted && hasCrc(file, wanted)) ? image.symbols() : undefined;
  } finally {
    file?.close();
  }
}

function hasCrc(file: FileSource, wanted: WantedCrc): boolean {
  if (file.size > wanted.bytesLeft) return false;
  wanted.bytesLeft -= file.size;
  return crcOf(file) === wanted.crc;
}

function crcOf(file: FileSource): number | undefined {
  try {
    let crc = 0;
    for (let at = 0; at < file.size; at += CRC_CHUNK_BYTES) {
      crc = crc32(file.read(at, Math.min(CRC_CHUNK_BYTES, file.size - at)), crc);
    }
    return crc;
  } catch {
    return undefined; // it became shorter while it was read
  }
}
