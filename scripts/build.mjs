import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withLock } from './lock.mjs';
import { StepFailed, capture, main, root } from './workspace.mjs';

/**
 * @typedef {object} Product something that is built from the sources
 * @property {string} what for people
 * @property {string} output exists once it is built
 * @property {string} stamp holds the digest of the sources it was built from
 * @property {() => Promise<void>} make
 */

/** @type {Product} */
const BUNDLE = {
  what: 'the command line (apps/ecli/dist/main.js)',
  output: 'apps/ecli/dist/main.js',
  stamp: 'apps/ecli/dist/.bundle-sources',
  make: async () => {
    const { bundle } = await import('../apps/ecli/esbuild.mjs');
    await bundle();
  },
};

/** @type {Product} */
const LIBRARIES = {
  what: 'the libraries with their types (libs/**/dist)',
  output: 'libs/runners/native/dist/index.d.ts',
  stamp: 'libs/runners/native/dist/.libraries-sources',
  make: compileLibraries,
};

/** Builds the command line alone: all that running it needs. */
export function buildBundle() {
  return build([BUNDLE]);
}

/** Builds all there is to build. */
export function buildAll() {
  return build([BUNDLE, LIBRARIES]);
}

/**
 * Makes each product whose sources changed since it was made. Two builds at once take turns.
 *
 * @param {readonly Product[]} products
 */
async function build(products) {
  if ((await outdated(products, await digestOfSources())).length === 0) return;
  await withLock('build', async () => {
    const digest = await digestOfSources();
    for (const product of await outdated(products, digest)) {
      console.log(`build: ${product.what}`);
      await product.make();
      await writeStamp(product, digest);
    }
  });
}

/**
 * @param {readonly Product[]} products
 * @param {string} digest
 */
async function outdated(products, digest) {
  const stamps = await Promise.all(
    products.map(({ stamp }) => readFile(join(root, stamp), 'utf8').catch(() => '')),
  );
  return products.filter(({ output }, index) => stamps[index] !== digest || !existsSync(join(root, output)));
}

/**
 * @param {Product} product
 * @param {string} digest
 */
async function writeStamp({ stamp }, digest) {
  const path = join(root, stamp);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.${process.pid}`, digest);
  await rename(`${path}.${process.pid}`, path);
}

/** Digests names and contents of all that can change what is built. */
async function digestOfSources() {
  const settings = ['package-lock.json', 'tsconfig.base.json'];
  const listed = await Promise.all(['apps', 'libs', 'scripts'].map(listSources));
  const paths = [...settings, ...listed.flat()].sort();
  const contents = await Promise.all(paths.map((path) => readFile(join(root, path))));
  const hash = createHash('sha256');
  paths.forEach((path, index) =>
    hash.update(`${path}\0${contents[index]?.length}\0`).update(contents[index] ?? ''),
  );
  return hash.digest('hex');
}

/**
 * Lists the sources and settings under `folder`, without tests: they are in no product.
 *
 * @param {string} folder
 * @returns {Promise<string[]>}
 */
async function listSources(folder) {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const lists = entries.map(async (entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory())
      return ['node_modules', 'dist', 'test'].includes(entry.name) ? [] : listSources(path);
    return /(?<!\.test)\.(ts|mjs|json)$/.test(entry.name) ? [path] : [];
  });
  return (await Promise.all(lists)).flat();
}

async function compileLibraries() {
  const projects = ['libs/runners/native', 'libs/sources/file'].map(
    (folder) => `${folder}/tsconfig.build.json`,
  );
  const { code, output } = await capture(process.execPath, [
    'node_modules/typescript/bin/tsc',
    '-b',
    ...projects,
  ]);
  if (code !== 0) throw new StepFailed(`${output}\nbuild: the libraries have type errors`);
}

await main(import.meta.url, async () => {
  await buildAll();
  console.log('build: up to date');
  return 0;
});
