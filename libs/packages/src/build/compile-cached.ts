import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { printable } from '@ecli/core';
import type { CompileOptions } from '../build.ts';
import { decodeJsonPackage, packageFields } from '../json-package.ts';
import type { ProgramPackage } from '../meta.ts';
import { BuildCache } from './build-cache.ts';
import { compilers } from './compile.ts';
import { headerBeside, packageSource, STANDARD_INPUT } from './package-source.ts';
import { readText } from './read-text.ts';

/** Does what `compileSource` promises, which loads this when there is something to compile. */
export async function compileCached(path: string, options: CompileOptions): Promise<ProgramPackage> {
  const name = options.text === undefined ? path : STANDARD_INPUT;
  const text = options.text ?? readText(path);
  const cache = BuildCache.open();
  const tools = compilers({});
  const header = headerBeside(name);
  const ingredients = [
    resolve(name),
    text,
    header === undefined ? '' : resolve(header),
    options.exportType ?? '',
    options.untyped ? 'untyped' : '',
    // Clang takes folders for headers from these.
    ...['CPATH', 'C_INCLUDE_PATH'].map((variable) => process.env[variable] ?? ''),
    ...Object.values(tools),
  ];
  const kept = cache && decoded(cache.get(ingredients), name);
  if (kept) return kept;

  const { diagnose, exportType, untyped, signal } = options;
  const built = await packageSource({ name, text, exportType, toShow: !untyped, diagnose, signal, ...tools });
  if (built.warnings !== '') diagnose?.(built.warnings.trimEnd());
  const fields = packageFields(built);
  const inputs = [...built.dependencies, ...Object.values(tools).map((tool) => realpathSync(tool))];
  try {
    cache?.set(ingredients, inputs, built.startedMs, fields);
  } catch (error) {
    diagnose?.(`cache: not kept: ${printable(String(error))}`); // a full disk is no reason not to run
  }
  return decodeJsonPackage(fields, name);
}

function decoded(value: unknown, name: string): ProgramPackage | undefined {
  if (value === undefined) return undefined;
  try {
    return decodeJsonPackage(value, name);
  } catch {
    return undefined; // a corrupt entry is made again
  }
}
