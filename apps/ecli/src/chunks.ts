import { openSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

/**
 * Where a chunk lies: the lines before it in the file of code, then where it begins there and how long it is, then
 * the same of its V8 code in the file beside it; in bytes.
 */
export type Chunk = readonly [
  line: number,
  begin: number,
  size: number,
  cacheBegin: number,
  cacheSize: number,
];

/**
 * The code that esbuild.mjs made of start.ts and all that it imports, in chunks. Each is a CommonJS module as one
 * function expression, and is read and run when the first asks for it, with the code that V8 made of it at build time
 * where `PATH.cache` holds that. V8 refuses code made by another version of itself or from another source, and then
 * compiles as usual. Both files stay open: what is asked for after an upgrade of ecli is still of the same build.
 */
export class Chunks {
  private readonly code: number;
  private readonly cache: number | undefined;
  private readonly loaded = new Map<string, { exports: unknown }>();
  private readonly requireOthers: NodeJS.Require;
  private readonly folder: string;

  /** `path` must hold ASCII, as esbuild writes it. @throws when there is no such file */
  constructor(
    private readonly path: string,
    private readonly chunks: Readonly<Record<string, Chunk>>,
  ) {
    this.code = openSync(path, 'r');
    this.cache = openIfThere(`${path}.cache`);
    this.requireOthers = createRequire(path);
    this.folder = dirname(path);
  }

  /** The exports of a chunk, or of what else Node finds under this name. */
  readonly require = (name: string): unknown => {
    const known = this.loaded.get(name);
    if (known) return known.exports;
    const chunk = this.chunks[name];
    if (!chunk) return this.requireOthers(name);
    const module = { exports: {} };
    this.loaded.set(name, module);
    const run = this.compile(chunk);
    run(module.exports, this.require, module, this.path, this.folder);
    return module.exports;
  };

  private compile([lineOffset, begin, size, cacheBegin, cacheSize]: Chunk): (...values: unknown[]) => void {
    const cachedData = this.cache === undefined ? undefined : read(this.cache, cacheBegin, cacheSize);
    const script = new Script(read(this.code, begin, size).toString('latin1'), {
      filename: this.path,
      lineOffset,
      ...(cachedData && { cachedData }),
    });
    return script.runInThisContext() as (...values: unknown[]) => void;
  }
}

function openIfThere(path: string): number | undefined {
  try {
    return openSync(path, 'r');
  } catch {
    return undefined;
  }
}

function read(file: number, begin: number, size: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(size);
  return bytes.subarray(0, readSync(file, bytes, 0, size, begin));
}
