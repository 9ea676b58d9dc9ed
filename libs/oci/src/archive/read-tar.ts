import { once } from 'node:events';
import { posix } from 'node:path';
import { EcliError, printable } from '@ecli/core';

/** A file in a tar; its content must be read before the next one comes. */
export interface TarFile {
  /** Plain: neither absolute nor with `..` in it. */
  readonly path: string;
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** What is in a tar, as it comes. */
export interface TarVisitor {
  file(file: TarFile): Promise<void>;
  /** A link is told of and never made: `target`, as seen from the archive's root, may be anything. */
  link(path: string, target: string): void;
}

export interface TarLimits {
  readonly bytes: number;
  readonly files: number;
}

/** Programs and images that are saved together are far below both. */
const DEFAULT_LIMITS: TarLimits = { bytes: 16 * 1024 ** 3, files: 100_000 };
/** Text compresses to a tenth, and what compresses to a thousandth is made to fill disks. */
const HIGHEST_RATIO = 200;

/**
 * Reads a tar, compressed by gzip, zstd or not at all. Writes nothing anywhere.
 *
 * @throws MANIFEST_INVALID for what is no tar, and for one that isn't made of plain files: absolute paths and those
 * with `..`, the same path twice, devices; ARTIFACT_TOO_LARGE; and what the visitor throws
 */
export async function readTar(
  name: string,
  input: AsyncIterable<Uint8Array>,
  visitor: TarVisitor,
  {
    signal,
    limits = DEFAULT_LIMITS,
  }: { readonly signal?: AbortSignal | undefined; readonly limits?: TarLimits } = {},
): Promise<void> {
  const { Parser } = await import('tar');
  const parser = new Parser({ strict: true, maxDecompressionRatio: HIGHEST_RATIO, brotli: false });
  const paths = new Set<string>();
  let totalBytes = 0;
  let visiting = Promise.resolve();
  let current: RawEntry | undefined;
  const failure = new AbortController();
  const failed = new Promise<never>((_, reject) => {
    parser.on('error', (error: Error) => reject(invalid(name, problemOf(error), error)));
    parser.on('entry', (entry: RawEntry) => {
      // Heard by whoever reads it; of one that nobody reads yet, it is no other news.
      entry.on('error', () => undefined);
      visiting = visiting.then(async () => {
        if (failure.signal.aborted) return;
        current = entry;
        totalBytes += entry.size;
        if (totalBytes > limits.bytes || paths.size >= limits.files) throw tooLarge(name, limits);
        await visit(name, entry, paths, visitor);
        entry.resume();
      });
      visiting.catch(reject);
    });
  });
  const ended = once(parser, 'end');
  for (const promise of [failed, ended]) promise.catch(() => undefined);
  const feed = async (): Promise<void> => {
    for await (const piece of input) {
      signal?.throwIfAborted();
      if (!parser.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))) {
        await Promise.race([once(parser, 'drain'), failed]);
      }
    }
    parser.end();
    await ended;
    await visiting;
  };
  try {
    await Promise.race([feed(), failed]);
  } catch (error) {
    // Whoever reads an entry of which no more comes would wait for ever.
    failure.abort();
    current?.destroy(error);
    await visiting.catch(() => undefined);
    throw error;
  }
}

interface RawEntry extends AsyncIterable<Uint8Array> {
  readonly path: string;
  readonly type: string;
  readonly size: number;
  readonly linkpath?: string | undefined;
  resume(): void;
  destroy(reason: unknown): void;
  on(event: 'error', listener: () => void): unknown;
}

async function visit(name: string, entry: RawEntry, paths: Set<string>, visitor: TarVisitor): Promise<void> {
  const { type, size } = entry;
  const path = plainPath(name, entry.path);
  if (type === 'Directory') return;
  if (paths.has(path)) throw invalid(name, `${path}: is in it twice`);
  paths.add(path);
  const { linkpath = '' } = entry;
  if (type === 'Link') return visitor.link(path, posix.normalize(linkpath));
  if (type === 'SymbolicLink') return visitor.link(path, posix.join(posix.dirname(path), linkpath));
  if (!['File', 'OldFile', 'ContiguousFile'].includes(type)) throw invalid(name, `${path}: not a file`);
  await visitor.file({ path, size, content: entry });
}

/** @throws MANIFEST_INVALID for a path that leads out */
function plainPath(name: string, path: string): string {
  const isOutside = path.startsWith('/') || path.split('/').includes('..') || path.includes('\0');
  if (isOutside) throw invalid(name, `${path}: leads out of the archive`);
  return posix.normalize(path);
}

/** node-tar says its codes first: `TAR_BAD_ARCHIVE: Unrecognized archive format`. */
function problemOf({ message }: Error): string {
  const [, code, said = message] = /^(TAR_\w+): (.*)$/s.exec(message) ?? [];
  return code === 'TAR_BAD_ARCHIVE' || said === 'checksum failure' ? 'no tar, or a broken one' : said;
}

function invalid(name: string, problem: string, cause?: unknown): EcliError {
  return new EcliError('MANIFEST_INVALID', `${printable(name)}: ${printable(problem)}`, {
    hint: 'an archive of images is what ecli image save, skopeo (oci-archive:) and docker save write',
    ...(cause !== undefined && { cause }),
  });
}

function tooLarge(name: string, { bytes, files }: TarLimits): EcliError {
  return new EcliError(
    'ARTIFACT_TOO_LARGE',
    `${printable(name)}: more than ${Math.floor(bytes / 1024 ** 3)} GiB or ${files} files`,
  );
}
