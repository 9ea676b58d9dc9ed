import { describe, expect, test } from '@jest/globals';
import { relative } from 'node:path';
import {
  loadedFiles,
  packageOf,
  packagesOf,
  readManifest,
  readRooms,
  type SourceFile,
  targetOf,
} from './workspace.ts';

/** Who may import whom: a room, and the rooms that it may use. Apps may use every library. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  '@ecli/core': [],
  '@ecli/btf': ['@ecli/core'],
  '@ecli/bpf': ['@ecli/core', '@ecli/btf'],
  '@ecli/packages': ['@ecli/core', '@ecli/btf'],
  '@ecli/symbols': ['@ecli/core', '@ecli/btf'],
  '@ecli/inspect': ['@ecli/core', '@ecli/btf', '@ecli/bpf', '@ecli/packages'],
  '@ecli/http': ['@ecli/core'],
  '@ecli/oci': ['@ecli/core', '@ecli/http'],
  '@ecli/trust': ['@ecli/core', '@ecli/oci'],
  '@ecli/source-file': ['@ecli/core'],
  '@ecli/source-url': ['@ecli/core', '@ecli/http'],
  '@ecli/source-oci': ['@ecli/core', '@ecli/http', '@ecli/oci', '@ecli/trust'],
  '@ecli/runner-native': ['@ecli/core', '@ecli/btf', '@ecli/bpf', '@ecli/packages', '@ecli/symbols'],
  ecli: [
    '@ecli/core',
    '@ecli/btf',
    '@ecli/bpf',
    '@ecli/packages',
    '@ecli/inspect',
    '@ecli/symbols',
    '@ecli/http',
    '@ecli/oci',
    '@ecli/trust',
    '@ecli/source-file',
    '@ecli/source-url',
    '@ecli/source-oci',
    '@ecli/runner-native',
  ],
};

/** Packages from outside that one room alone may import. */
const OWNED: readonly { readonly name: RegExp; readonly by: string }[] = [
  { name: /^ffi-rs$/, by: '@ecli/bpf' },
  { name: /^@nestjs\//, by: 'ecli-server' },
];

/** Entries beside a room's index: any room's tests may import them, nothing else may. */
const TEST_ENTRIES = ['@ecli/core/testing', '@ecli/bpf/testing', '@ecli/http/testing', '@ecli/oci/testing'];

const rooms = readRooms();
const sources = rooms.flatMap(({ files }) => files);
const isOurs = (name: string): boolean => name in MAY_IMPORT;

/** Why `file` may not import `specifier`; undefined where it may. */
function refusal(file: SourceFile, specifier: string): string | undefined {
  if (specifier.startsWith('.')) {
    return leavesItsRoom(file, specifier) ? 'reaches into another room' : undefined;
  }
  const name = packageOf(specifier);
  if (name === undefined || name === file.room) return undefined;
  if (isOurs(name)) return refusalOfRoom(file, name, specifier);
  const owned = OWNED.find((each) => each.name.test(name));
  return owned && owned.by !== file.room ? `belongs to ${owned.by}` : undefined;
}

function refusalOfRoom(file: SourceFile, name: string, specifier: string): string | undefined {
  if (TEST_ENTRIES.includes(specifier)) return file.forTests ? undefined : 'is for tests only';
  if (specifier !== name) return `is not the index of ${name}`;
  return MAY_IMPORT[file.room]?.includes(name) ? undefined : `is not below ${file.room}`;
}

function leavesItsRoom({ path, room }: SourceFile, specifier: string): boolean {
  const folder = rooms.find(({ name }) => name === room)?.folder ?? '';
  return relative(folder, targetOf(path, specifier)).startsWith('..');
}

function refusals(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    file.imports.flatMap((specifier) => {
      const reason = refusal(file, specifier);
      return reason ? [`${file.path}: ${specifier} ${reason}`] : [];
    }),
  );
}

/** What the files that run in production import from other packages. */
function used(files: readonly SourceFile[], room: string): string[] {
  const names = files.filter(({ forTests }) => !forTests).flatMap(packagesOf);
  return [...new Set(names)].filter((name) => name !== room).sort();
}

/** A circle in `edges`, as the names along it; undefined when there is none. */
function findCircle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const finished = new Set<string>();
  const walk = (node: string, trail: readonly string[]): string[] | undefined => {
    const start = trail.indexOf(node);
    if (start >= 0) return [...trail.slice(start), node];
    if (finished.has(node)) return undefined;
    const circle = firstResult(edges.get(node) ?? [], (next) => walk(next, [...trail, node]));
    finished.add(node);
    return circle;
  };
  return firstResult([...edges.keys()], (node) => walk(node, []));
}

function firstResult<T, R>(items: readonly T[], of: (item: T) => R | undefined): R | undefined {
  for (const item of items) {
    const result = of(item);
    if (result !== undefined) return result;
  }
  return undefined;
}

describe('imports', () => {
  test('are ruled for every workspace', () => {
    expect(rooms.map(({ name }) => name).sort()).toEqual(Object.keys(MAY_IMPORT).sort());
  });

  test('go to the rooms below, through their index', () => {
    expect(refusals(sources)).toEqual([]);
  });

  test.each([
    ['libs/core/src/x.ts', '@ecli/core', '@ecli/btf', 'is not below @ecli/core'],
    ['libs/sources/file/src/x.ts', '@ecli/source-file', '@ecli/packages', 'is not below @ecli/source-file'],
    ['libs/packages/src/x.ts', '@ecli/packages', 'ecli', 'is not below @ecli/packages'],
    ['libs/btf/src/x.ts', '@ecli/btf', '../../core/src/errors.ts', 'reaches into another room'],
    ['libs/btf/src/x.ts', '@ecli/btf', '@ecli/core/src/errors.ts', 'is not the index of @ecli/core'],
    ['libs/btf/src/x.ts', '@ecli/btf', '@ecli/core/testing', 'is for tests only'],
    ['libs/btf/src/x.ts', '@ecli/btf', 'ffi-rs', 'belongs to @ecli/bpf'],
    ['libs/bpf/src/x.ts', '@ecli/bpf', '@nestjs/common', 'belongs to ecli-server'],
  ])('are refused: in %s of %s, %s %s', (path, room, specifier, reason) => {
    const file = { path, room, forTests: false, text: '', imports: [specifier] };
    expect(refusals([file])).toEqual([`${path}: ${specifier} ${reason}`]);
  });

  test.each(rooms)('are what the package.json of $name declares', ({ name, manifest, files }) => {
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies });
    expect(used(files, name)).toEqual(declared.sort());
  });

  test('of tests are declared by their package or by the workspace', () => {
    const tools = Object.keys(readManifest('.').devDependencies ?? {});
    const undeclared = rooms.flatMap(({ manifest, files }) => {
      const { dependencies, devDependencies, peerDependencies } = manifest;
      const known = { ...dependencies, ...devDependencies, ...peerDependencies };
      const isKnown = (name: string): boolean => name in known || tools.includes(name) || isOurs(name);
      return files.flatMap((file) => packagesOf(file).filter((name) => !isKnown(name)));
    });
    expect(undeclared).toEqual([]);
  });

  test('make no circle among packages', () => {
    const edges = rooms.map(({ name, files }) => [name, used(files, name)] as const);
    expect(findCircle(new Map(edges))).toBeUndefined();
  });

  test('make no circle among files', () => {
    const edges = sources.map((file) => [file.path, loadedFiles(file)] as const);
    expect(findCircle(new Map(edges))).toBeUndefined();
  });

  test('that make a circle are found', () => {
    const edges = { a: ['b'], b: ['c', 'd'], c: [], d: ['b'] };
    expect(findCircle(new Map(Object.entries(edges)))).toEqual(['b', 'd', 'b']);
  });
});
