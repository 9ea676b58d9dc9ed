import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { constants, Script } from 'node:vm';

/**
 * How the command line is bundled. Why it is CommonJS in one file with a code cache beside it, and what that
 * saves at each start: docs/decisions/0010-one-bundle-with-a-code-cache.md.
 */
const folder = dirname(fileURLToPath(import.meta.url));
const { resolve } = createRequire(import.meta.url);

/** Makes main.js and start.js in `outputDirectory`, from the TypeScript of the whole workspace. */
export async function bundle(outputDirectory = join(folder, 'dist')) {
  await build({
    absWorkingDir: folder,
    entryPoints: ['src/main.ts', 'src/start.ts'],
    outdir: outputDirectory,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20',
    // Workspace packages as TypeScript, others as the modules from which unused parts can be left out.
    conditions: ['@ecli/source'],
    mainFields: ['es2015', 'module', 'main'],
    alias: { rxjs: resolve('rxjs').replace('/cjs/', '/esm/') },
    // Native code stays where npm put it.
    external: ['ffi-rs'],
    define: { 'import.meta.url': '__url', 'import.meta.dirname': '__dirname' },
    banner: { js: "const __url = require('node:url').pathToFileURL(__filename).href;" },
    legalComments: 'none',
    logLevel: 'warning',
  });
  // The package around it says "module".
  await writeFile(join(outputDirectory, 'package.json'), '{ "type": "commonjs" }\n');
  await writeCodeCache(join(outputDirectory, 'start.js'));
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
  const script = new Script(wrap(source), {
    filename: path,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  setFlagsFromString('--lazy');
  await writeFile(`${path}.cache`, script.createCachedData());
}

/**
 * As src/code-cache.ts wraps it: V8 compares the length of what it compiles.
 *
 * @param {string} source
 */
function wrap(source) {
  return `(function (exports, require, module, __filename, __dirname) {${source}\n});`;
}
