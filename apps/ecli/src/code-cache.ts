import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Script } from 'node:vm';

/**
 * Loads a CommonJS module that esbuild.mjs made one function expression, with the code that V8 made of it at build
 * time where `PATH.cache` holds that. V8 refuses a cache made by another version of itself or from another source,
 * and then compiles as usual. `path` must hold ASCII, as esbuild writes it. Node 22 has module.enableCompileCache
 * for this; Node 20 doesn't.
 */
export function requireWithCodeCache(path: string): unknown {
  const cachedData = readCache(`${path}.cache`);
  const script = new Script(readFileSync(path, 'latin1'), {
    filename: path,
    ...(cachedData !== undefined && { cachedData }),
  });
  const module = { exports: {} };
  const run = script.runInThisContext() as (...values: unknown[]) => void;
  run(module.exports, createRequire(path), module, path, dirname(path));
  return module.exports;
}

function readCache(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
