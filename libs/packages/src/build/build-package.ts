import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EcliError, printable } from '@ecli/core';
import type { BuildOptions, BuildResult } from '../build.ts';
import { packageFields, stringifyJsonPackage } from '../json-package.ts';
import { packageMeta } from '../meta-decoder.ts';
import { PACKAGE_FILE } from '../read-package.ts';
import { stemOf } from '../skeleton.ts';
import { writeTar } from '../tar-writer.ts';
import { makeFolders, temporaryFor } from './cache-folder.ts';
import { openKernelFolder, packKernels, type PackedKernels } from './kernel-btf.ts';
import { packageSource, type SourcePackage } from './package-source.ts';
import { readText } from './read-text.ts';
import { wasmHeader } from './wasm-header.ts';
import { splitWords } from './words.ts';

/** Does what `build` promises, which loads this when there is something to build. */
export async function buildPackage(options: BuildOptions): Promise<BuildResult> {
  const kernels = openKernelFolder(options);
  const { source, outputDirectory = dirname(source) } = options;
  const built = await packageSource({
    name: source,
    text: readText(source),
    header: options.headerOnly ? source : options.header,
    flags: (options.additionalCflags ?? []).flatMap(splitWords),
    clang: options.clang,
    llvmStrip: options.llvmStrip,
    diagnose: options.diagnose,
    signal: options.signal,
  });
  const packed = kernels && (await packKernels(source, built.object, kernels, options));
  const files = await outputFiles(built, options, packed);
  writeTogether(outputDirectory, files);
  return {
    files: files.map(({ name }) => join(outputDirectory, name)),
    package: { object: built.object, meta: packageMeta(built.meta, 'meta') },
    warnings: built.warnings + (packed?.warnings ?? ''),
  };
}

interface OutputFile {
  readonly name: string;
  readonly content: string | Uint8Array;
}

async function outputFiles(
  built: SourcePackage,
  options: BuildOptions,
  kernels: PackedKernels | undefined,
): Promise<readonly OutputFile[]> {
  const { object, meta } = built;
  const { format = 'json', wasmHeader: withWasmHeader = false } = options;
  const name = stemOf(basename(options.source));
  const stringify = await notation(format);
  return [
    { name: `${name}.bpf.o`, content: object },
    { name: `${name}.skel.${format}`, content: stringify(meta) },
    { name: `package.${format}`, content: stringify(packageFields(built)) },
    ...(kernels ? [{ name: 'package.tar', content: tarOf(built, kernels) }] : []),
    ...(withWasmHeader ? [{ name: 'ewasm-skel.h', content: wasmHeader(stringifyJsonPackage(built)) }] : []),
  ];
}

function tarOf(built: SourcePackage, { entries }: PackedKernels): Buffer {
  const content = Buffer.from(stringifyJsonPackage(built));
  return writeTar([{ path: PACKAGE_FILE, content }, ...entries]);
}

async function notation(format: 'json' | 'yaml'): Promise<(value: unknown) => string> {
  if (format === 'json') return (value) => JSON.stringify(value);
  const { stringifyYaml } = await import('./yaml-notation.ts');
  return stringifyYaml;
}

/** Writes all files, then gives them their names: a failure leaves nothing new behind. */
function writeTogether(folder: string, files: readonly OutputFile[]): void {
  const written: { readonly temporary: string; readonly path: string }[] = [];
  try {
    makeFolders(folder);
    for (const { name, content } of files) {
      const path = join(folder, name);
      const temporary = temporaryFor(path);
      written.push({ temporary, path });
      writeFileSync(temporary, content, { flag: 'wx' });
    }
    for (const { temporary, path } of written) renameSync(temporary, path);
  } catch (cause) {
    for (const { temporary } of written) rmSync(temporary, { force: true });
    const { code } = cause as NodeJS.ErrnoException;
    throw new EcliError('OUTPUT_FAILED', `${printable(folder)}: cannot be written to (${code})`, {
      hint: 'name another folder: -o DIR',
      cause,
    });
  }
}
