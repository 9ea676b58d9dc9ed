import { execFileSync, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PACKAGE = join(dirname(fileURLToPath(import.meta.url)), '..');
const SOURCES = join(PACKAGE, 'src/index.ts');
/** Bundles stand here, so that ffi-rs is found from them. */
const NODE_MODULES = join(PACKAGE, '../../node_modules');
const ESBUILD = join(NODE_MODULES, '.bin/esbuild');

export interface ChildOptions {
  readonly args?: readonly string[];
  /** Shell commands run first, in a mount namespace of the child's own. */
  readonly before?: string;
  /** CommonJS loaded before anything else. */
  readonly preload?: string;
  readonly timeoutMs?: number;
}

/** A program in a process of its own: for what ends a process, or changes what it sees of the system. */
export class Child {
  readonly #folder: string;
  readonly #bundle: string;

  /** Bundles `body`, the statements of a module that has all of @ecli/bpf as `bpf`, `fs` and `process`. */
  constructor(body: string) {
    const cache = join(NODE_MODULES, '.cache');
    mkdirSync(cache, { recursive: true });
    this.#folder = mkdtempSync(join(cache, 'bpf-child-'));
    const entry = join(this.#folder, 'entry.ts');
    this.#bundle = join(this.#folder, 'child.mjs');
    const imports = `import * as bpf from ${JSON.stringify(SOURCES)};\nimport * as fs from 'node:fs';\n`;
    writeFileSync(entry, imports + body);
    const options = [
      '--bundle',
      '--platform=node',
      '--format=esm',
      '--conditions=@ecli/source',
      '--external:ffi-rs',
    ];
    execFileSync(ESBUILD, [entry, ...options, `--outfile=${this.#bundle}`, '--log-level=error']);
  }

  run({ args = [], before = ':', preload, timeoutMs = 60_000 }: ChildOptions = {}): SpawnSyncReturns<string> {
    const required = preload === undefined ? [] : ['-r', this.#write('preload.cjs', preload)];
    const command = [process.execPath, ...required, this.#bundle, ...args];
    const options = { encoding: 'utf8', timeout: timeoutMs } as const;
    if (before === ':') return spawnSync(command[0] ?? '', command.slice(1), options);
    return spawnSync('unshare', ['-m', 'sh', '-c', `${before} && exec "$@"`, 'sh', ...command], options);
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #write(name: string, text: string): string {
    const path = join(this.#folder, name);
    writeFileSync(path, text);
    return path;
  }
}
