import { build, transform } from 'esbuild';
import { createHash } from 'node:crypto';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/**
 * How the command line is bundled. Why it is CommonJS in chunks of one file with a code cache beside it, and what
 * that saves at each start: docs/decisions/0007-one-bundle-with-a-code-cache.md.
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

const URL_OF_FILE = "const __url = require('node:url').pathToFileURL(__filename).href;";

/**
 * What src/chunks.ts loads is a function expression: the one that Node's own loader makes of a CommonJS module.
 *
 * @param {string} code
 */
function asFunction(code) {
  const before = code.includes('__url') ? URL_OF_FILE : '';
  return `(function (exports, require, module, __filename, __dirname) {${before}\n${code}});\n`;
}

/** @type {import('esbuild').CommonOptions} */
const COMMON_JS = {
  format: 'cjs',
  platform: 'node',
  target: 'node20',
  // import() becomes require: Node 20 refuses import() in code that came from a cache.
  supported: { 'dynamic-import': false },
};

/** @type {import('esbuild').BuildOptions} */
const OPTIONS = {
  absWorkingDir: folder,
  bundle: true,
  platform: 'node',
  target: 'node20',
  define: { 'import.meta.url': '__url', 'import.meta.dirname': '__dirname' },
  // Workspace packages as TypeScript, others as the modules from which unused parts can be left out.
  conditions: ['@ecli/source'],
  mainFields: ['es2015', 'module', 'main'],
  alias: {
    rxjs: resolve('rxjs').replace('/cjs/', '/esm/'),
    ...Object.fromEntries(RARE.flatMap(({ names, path }) => names.map((name) => [name, path]))),
  },
  // Native code stays where npm put it.
  external: ['ffi-rs', ...RARE.map(({ path }) => path)],
  legalComments: 'none',
  logLevel: 'warning',
};

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
  const { name, chunks } = await bundleStart(outputDirectory);
  await bundleMain(outputDirectory, name, chunks);
  await removeOthers(outputDirectory, name);
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

/**
 * Writes start.ts and all that it imports: one chunk for each set of files that are always loaded together.
 *
 * @param {string} outputDirectory
 */
async function bundleStart(outputDirectory) {
  const texts = await splitStart();
  const source = [...texts.values()].join('');
  const name = `start-${createHash('sha256').update(source).digest('hex').slice(0, 8)}.js`;
  const path = join(outputDirectory, name);
  const { chunks, cache } = compile(texts, path);
  await replaceFile(path, source);
  await replaceFile(`${path}.cache`, cache);
  return { name, chunks };
}

/** The text of each chunk by the name that others import it by: `./start.js`, `./run-HASH.js`, `./chunk-HASH.js`. */
async function splitStart() {
  const { outputFiles } = await build({
    ...OPTIONS,
    entryPoints: ['src/start.ts'],
    outdir: join(folder, 'dist'),
    format: 'esm',
    splitting: true,
    write: false,
  });
  const transformed = outputFiles.map(async ({ path, text }) => {
    // The name ends so that esbuild takes what it imports from CommonJS packages as Node does.
    const { code } = await transform(text, { ...COMMON_JS, sourcefile: `${basename(path, '.js')}.mjs` });
    return /** @type {const} */ ([`./${basename(path)}`, asFunction(code)]);
  });
  return new Map(await Promise.all(transformed));
}

/**
 * Compiles all functions of each chunk, and not only those that run when it is loaded, and keeps the code for
 * src/chunks.ts. V8 takes a cache only under the flags that it was made with, so the one that makes it eager is
 * set back before.
 *
 * @param {ReadonlyMap<string, string>} texts
 * @param {string} filename
 */
function compile(texts, filename) {
  /** @type {Record<string, import('./src/chunks.ts').Chunk>} */
  const chunks = {};
  /** @type {Buffer[]} */
  const caches = [];
  const end = { line: 0, source: 0, cache: 0 };
  for (const [name, text] of texts) {
    setFlagsFromString('--no-lazy');
    const script = new Script(text, { filename, lineOffset: end.line });
    setFlagsFromString('--lazy');
    const cache = script.createCachedData();
    chunks[name] = [end.line, end.source, text.length, end.cache, cache.length];
    // V8 copies what doesn't begin at a whole word.
    caches.push(cache, Buffer.alloc(-cache.length & 7));
    end.line += text.split('\n').length - 1;
    end.source += text.length;
    end.cache += (cache.length + 7) & ~7;
  }
  return { chunks, cache: Buffer.concat(caches) };
}

/**
 * @param {string} outputDirectory
 * @param {string} start
 * @param {Record<string, import('./src/chunks.ts').Chunk>} chunks
 */
async function bundleMain(outputDirectory, start, chunks) {
  const { outputFiles } = await build({
    ...OPTIONS,
    ...COMMON_JS,
    entryPoints: ['src/main.ts'],
    outfile: 'main.js',
    write: false,
    define: { ...OPTIONS.define, ECLI_START: JSON.stringify(start), ECLI_CHUNKS: JSON.stringify(chunks) },
  });
  await replaceFile(join(outputDirectory, 'main.js'), outputFiles[0]?.text ?? '');
}

/**
 * In one step: whoever has the old file open goes on with it.
 *
 * @param {string} path
 * @param {string | Uint8Array} content
 */
async function replaceFile(path, content) {
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, content, 'latin1');
  await rename(unfinished, path);
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
