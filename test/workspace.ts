import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface Manifest {
  readonly name: string;
  readonly workspaces?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A workspace package: one room of the house. */
export interface Room {
  readonly name: string;
  /** From the workspace's folder, as all paths here. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly files: readonly SourceFile[];
}

export interface SourceFile {
  readonly path: string;
  /** The name of the package it belongs to. */
  readonly room: string;
  /** Tests, and what is exported to tests only. */
  readonly forTests: boolean;
  readonly text: string;
  /** What its import and export lines name, `import()` and types too. */
  readonly imports: readonly string[];
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
}

/** Reads every package that the workspace's package.json lists, with its sources. */
export function readRooms(): Room[] {
  return (readManifest('.').workspaces ?? []).map((folder) => {
    const manifest = readManifest(folder);
    const files = listFiles(folder, /\.ts$/).map((path) => readSource(manifest.name, folder, path));
    return { name: manifest.name, folder, manifest, files };
  });
}

function readSource(room: string, folder: string, path: string): SourceFile {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const forTests = /\.test\.ts$|^test\/|\/testing\//.test(relative(folder, path));
  return { path, room, forTests, text, imports: importsOf(text) };
}

/** Lists the files under `folder` whose name matches, without what was installed, built or is hidden. */
export function listFiles(folder: string, name: RegExp): string[] {
  const top = join(ROOT, folder);
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => relative(top, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(node_modules|dist|\.[^/]*)\//.test(path))
    .map((path) => join(folder, path));
}

/** What another thread is to load: `resolve('name')` of createRequire. */
const RESOLVED = /(?<![.\w])resolve\('([^'.][^']*)'\)/g;

function importsOf(text: string): string[] {
  const imported = ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  return [...imported, ...Array.from(text.matchAll(RESOLVED), ([, name = '']) => name)];
}

/** `@scope/name` or `name` of what an import names; undefined for files and node's own modules. */
export function packageOf(specifier: string): string | undefined {
  if (specifier.startsWith('.') || isBuiltin(specifier)) return undefined;
  const parts = specifier.startsWith('@') ? 2 : 1;
  return specifier.split('/').slice(0, parts).join('/');
}

/** The packages that `file` imports, its own by name included. */
export function packagesOf(file: SourceFile): string[] {
  return file.imports.map(packageOf).filter((name) => name !== undefined);
}

/** The file that a relative import in the file at `path` names. */
export function targetOf(path: string, specifier: string): string {
  return relative(ROOT, resolve(ROOT, dirname(path), specifier));
}

/** The files that are loaded with `file`: relative imports, without those of types alone and those for later. */
export function loadedFiles({ path, text }: SourceFile): string[] {
  const atOnce = text.replace(/^(import|export) type [^;]*;/gm, '').replaceAll(/\bimport\(/g, 'later(');
  return importsOf(atOnce)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => targetOf(path, specifier));
}
