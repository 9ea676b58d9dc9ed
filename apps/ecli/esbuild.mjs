import { build } from 'esbuild';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/**
 * How the command line is bundled. Why it is CommonJS in one file with a code cache beside it, and what that
 * saves at each start: docs/decisions/0007-one-bundle-with-a-code-cache.md.
 */
const folder = dirname(fileURLToPath(import.meta.url));
const { resolve } = createRequire(import.meta.url);

/**
 * Packages that few commands use, each in a file of its own: as a part of main's they would lengthen every start.
 * yaml is a fifth of all code, and only builds use it; Sigstore's are loaded when a certificate is met.
 */
const RARE = [
  { path: './yaml.js', names: ['yaml'] },
  { path: './sigstore.js', names: ['@sigstore/bundle', '@sigstore/protobuf-specs', '@sigstore/verify'] },
  { path: './tar.js', names: ['tar'] },
  { path: './tweetnacl.js', names: ['tweetnacl'] },
];

/** @type {import('esbuild').BuildOptions} */
const OPTIONS = {
  absWorkingDir: folder,
  bundle: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // import() becomes require: Node 20 refuses import() in code that came from a cache.
  supported: { 'dynamic-import': false },
  // Workspace packages as TypeScript, others as the modules from which unused parts can be left out.
  conditions: ['@ecli/source'],
  mainFields: ['es2015', 'module', 'main'],
  alias: {
    rxjs: resolve('rxjs').replace('/cjs/', '/esm/'),
    ...Object.fromEntries(RARE.flatMap(({ names, path }) => names.map((name) => [name, path]))),
  },
  // Native code stays where npm put it.
  external: ['ffi-rs', ...RARE.map(({ path }) => path)],
  banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href;" },
  legalComments: 'none',
  logLevel: 'warning',
};
/**
 * A file that src/code-cache.ts loads is one function expression: the one that Node's own loader makes of a
 * CommonJS module.
 */
const AS_FUNCTION = {
  banner: { js: `(function (exports, require, module, __filename, __dirname) {${OPTIONS.banner?.js ?? ''}` },
  footer: { js: '});' },
};
const DEFINE = { 'import.meta.url': '__url', 'import.meta.dirname': '__dirname' };

/**
 * Makes the command line in `outputDirectory` from the TypeScript of the whole workspace: main.js, and what
 * it loads under a name that changes with its content. main.js comes last and in one step, so that whoever
 * starts ecli meanwhile gets the old or the new one, and never code of one with the cache of the other.
 */
export async function bundle(outputDirectory = join(folder, 'dist')) {
  await mkdir(outputDirectory, { recursive: true });
  // The package around it says "module".
  await writeFile(join(outputDirectory, 'package.json'), '{ "type": "commonjs" }\n');
  await Promise.all(RARE.map((rare) => bundleRare(rare, outputDirectory)));
  const start = await bundleStart(outputDirectory);
  await writeCodeCache(join(outputDirectory, start));
  await bundleMain(outputDirectory, start);
  await removeOthers(outputDirectory, start);
}

/**
 * @param {typeof RARE[number]} rare
 * @param {string} outputDirectory
 */
async function bundleRare({ names, path }, outputDirectory) {
  const [name = '', ...others] = names;
  await build({
    absWorkingDir: folder,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    ...(others.length === 0
      ? { entryPoints: [resolve(name)] }
      : {
          stdin: { contents: names.map((each) => `export * from '${each}';`).join('\n'), resolveDir: folder },
        }),
    outfile: join(outputDirectory, path),
    legalComments: 'none',
  });
}

/** @param {string} outputDirectory */
async function bundleStart(outputDirectory) {
  const { metafile } = await build({
    ...OPTIONS,
    ...AS_FUNCTION,
    entryPoints: ['src/start.ts'],
    outdir: outputDirectory,
    entryNames: '[name]-[hash]',
    define: DEFINE,
    metafile: true,
  });
  return basename(Object.keys(metafile.outputs)[0] ?? '');
}

/**
 * @param {string} outputDirectory
 * @param {string} start
 */
async function bundleMain(outputDirectory, start) {
  const outfile = join(outputDirectory, `main.js.${process.pid}`);
  await build({
    ...OPTIONS,
    entryPoints: ['src/main.ts'],
    outfile,
    define: { ...DEFINE, ECLI_START: JSON.stringify(start) },
  });
  await rename(outfile, join(outputDirectory, 'main.js'));
}

/**
 * Compiles all functions of the file at `path`, and not only those that run when it is loaded, and keeps the
 * code for src/code-cache.ts. V8 takes the cache only under the flags that it was made with, so the one that
 * makes it eager is set back before.
 *
 * @param {string} path
 */
async function writeCodeCache(path) {
  const source = await readFile(path, 'latin1');
  setFlagsFromString('--no-lazy');
  const script = new Script(source, { filename: path });
  setFlagsFromString('--lazy');
  await writeFile(`${path}.cache`, script.createCachedData());
}

/**
 * @param {string} outputDirectory
 * @param {string} start
 */
async function removeOthers(outputDirectory, start) {
  const names = await readdir(outputDirectory);
  const old = names.filter((name) => name.startsWith('start-') && !name.startsWith(start));
  await Promise.all(old.map((name) => rm(join(outputDirectory, name), { force: true })));
}
