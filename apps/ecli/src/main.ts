/**
 * The entry of `ecli` and `ecc`: answers `--version` with nothing else loaded, and leaves all else to
 * start.ts, a bundle of its own. Read that next, then cli.ts and commands/run.ts.
 */
import { writeSync } from 'node:fs';
import { join, parse } from 'node:path';
import { type Chunk, Chunks } from './chunks.ts';
import type * as Start from './start.ts';
import { VERSION } from './version.ts';

/** The file of start.ts's bundle, and where each chunk lies in it; their maker (esbuild.mjs) puts both here. */
declare const ECLI_START: string;
declare const ECLI_CHUNKS: Readonly<Record<string, Chunk>>;

const [, path = '', ...argv] = process.argv;
// node_modules/.bin/ecc and bin/ecc.cjs lead here too, and mean `ecli build`.
const binary = parse(path).name === 'ecc' ? 'ecc' : 'ecli';

if (!(asksForVersion() && isWritten(`${binary} ${VERSION}\n`))) {
  const chunks = new Chunks(join(import.meta.dirname, ECLI_START), ECLI_CHUNKS);
  const { start } = chunks.require('./start.js') as typeof Start;
  void start(binary, argv);
}

function asksForVersion(): boolean {
  return argv[0] === '--version' || argv[0] === '-V';
}

/** False where standard output is full, closed or busy: all that takes more care is start.ts's. */
function isWritten(text: string): boolean {
  try {
    return writeSync(1, text) === text.length;
  } catch {
    return false;
  }
}
