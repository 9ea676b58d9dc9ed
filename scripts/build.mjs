import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withLock } from './lock.mjs';
import { StepFailed, capture, main, root } from './workspace.mjs';

/**
 * @typedef {object} Product something that is built from the sources
 * @property {string} what for people
 * @property {readonly string[]} sources folders and files whose change makes it outdated
 * @property {string} output exists once it is built
 * @property {string} stamp holds the digest of the sources it was built from
 * @property {() => Promise<void>} make
 */

const CLI = 'apps/ecli/dist/main.js';

const CODE = ['apps', 'libs', 'scripts', 'package-lock.json', 'tsconfig.base.json'];

/** @type {Product} */
const BUNDLE = {
  what: `the command line (${CLI})`,
  sources: CODE,
  output: CLI,
  stamp: 'apps/ecli/dist/.bundle-sources',
  make: async () => {
    const { bundle } = await import('../apps/ecli/esbuild.mjs');
    await bundle();
  },
};

/** @type {Product} */
const LIBRARIES = {
  what: 'the libraries with their types (libs/**/dist)',
  sources: CODE,
  output: 'libs/runners/native/dist/index.d.ts',
  stamp: 'libs/runners/native/dist/.libraries-sources',
  make: compileLibraries,
};

/** @type {Product} */
const EXAMPLES = {
  what: 'packages of the examples (examples/*/package.json)',
  sources: [...CODE, 'examples'],
  output: 'examples/opens/package.json',
  stamp: 'examples/dist/.sources',
  make: packageExamples,
};

/** Builds the command line alone: all that running it needs. */
export function buildBundle() {
  return build([BUNDLE]);
}

/** Builds the command line, and packages of the examples for it to run. */
export function buildExamples() {
  return build([BUNDLE, EXAMPLES]);
}

/** Builds all there is to build. */
export function buildAll() {
  return build([BUNDLE, LIBRARIES, EXAMPLES]);
}

/**
 * Makes each product whose sources changed since it was made. Two builds at once take turns.
 *
 * @param {readonly Product[]} products in the order in which they need each other
 */
async function build(products) {
  if (!(await Promise.all(products.map(isOutdated))).includes(true)) return;
  await withLock('build', async () => {
    for (const product of products) {
      if (await isOutdated(product)) await make(product);
    }
  });
}

/** @param {Product} product */
async function isOutdated({ sources, stamp, output }) {
  const [digest, built] = await Promise.all([
    digestOf(sources),
    readFile(join(root, stamp), 'utf8').catch(() => ''),
  ]);
  return digest !== built || !existsSync(join(root, output));
}

/**
 * The stamp has the digest from before: sources that change meanwhile make it outdated.
 *
 * @param {Product} product
 */
async function make(product) {
  console.log(`build: ${product.what}`);
  const digest = await digestOf(product.sources);
  await product.make();
  const path = join(root, product.stamp);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, digest);
}

/**
 * Digests names and contents of all that can change what is built.
 *
 * @param {readonly string[]} sources
 */
async function digestOf(sources) {
  const paths = (await Promise.all(sources.map(listSources))).flat().sort();
  const contents = await Promise.all(paths.map((path) => readFile(join(root, path))));
  // The bundle's code cache is for the version of node that made it.
  const hash = createHash('sha256').update(process.version);
  contents.forEach((content, index) => hash.update(`${paths[index]}\0${content.length}\0`).update(content));
  return hash.digest('hex');
}

/** What is in no product: what was installed or built, and tests. */
const LEFT_OUT = /(^|\/)(node_modules|dist|test|\.[^/]*)$|\.test\.ts$|^examples\/.*\.json$/;

/**
 * Lists the sources and settings under `path`, which may be one of them itself.
 *
 * @param {string} path
 * @returns {Promise<string[]>}
 */
async function listSources(path) {
  if (/\.\w+$/.test(path)) return [path];
  const entries = await readdir(join(root, path), { withFileTypes: true });
  const lists = entries.map((entry) => {
    const inside = `${path}/${entry.name}`;
    if (LEFT_OUT.test(inside)) return [];
    if (entry.isDirectory()) return listSources(inside);
    return /\.(ts|mjs|json|c|h)$/.test(inside) ? [inside] : [];
  });
  return (await Promise.all(lists)).flat();
}

async function compileLibraries() {
  const projects = [
    'libs/runners/native',
    'libs/inspect',
    'libs/sources/file',
    'libs/sources/url',
    'libs/sources/oci',
  ].map((folder) => `${folder}/tsconfig.build.json`);
  const { code, output } = await capture(process.execPath, [
    'node_modules/typescript/bin/tsc',
    '-b',
    ...projects,
  ]);
  if (code !== 0) throw new StepFailed(`${output}\nbuild: the libraries have type errors`);
}

/** A package of each example, beside its source, as `ecli run examples/opens` finds it. */
async function packageExamples() {
  const names = await readdir(join(root, 'examples'));
  const sources = names.map((name) => `examples/${name}/${name}.bpf.c`);
  await Promise.all(sources.filter((source) => existsSync(join(root, source))).map(packageExample));
}

/** @param {string} source */
async function packageExample(source) {
  const { code, output } = await capture(process.execPath, [CLI, 'build', source]);
  if (code !== 0) throw new StepFailed(`${output}\nbuild: ${source} could not be built`);
}

await main(import.meta.url, async () => {
  await buildAll();
  console.log('build: up to date');
  return 0;
});
