// Compiles what the benchmark needs into a folder of its own: the generator, the reader, the C peer,
// and the program of bench/events as an object and as a package, for one ring size.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const cli = fileURLToPath(new URL('../../apps/ecli/bin/ecli.cjs', import.meta.url));

/** Compiles NAME.c, one of this folder's unless it is a path, into `folder`; returns the binary's path. */
export function compileTool(name, folder, flags = []) {
  const binary = join(folder, basename(name));
  execFileSync('cc', ['-O2', '-Wall', '-Wextra', `${resolve(here, name)}.c`, '-o', binary, ...flags]);
  return binary;
}

/** Builds into `folder`, with more flags for the BPF compiler, and returns the paths of what was made. */
export function buildBenchmark(folder, ringBytes, defines = []) {
  const output = join(folder, String(ringBytes));
  mkdirSync(output, { recursive: true });
  execFileSync(
    process.execPath,
    [
      cli,
      'build',
      ...[`-DRING_BYTES=${ringBytes}`, ...defines].map((flag) => `--additional-cflags=${flag}`),
      '-o',
      output,
      join(here, 'events.bpf.c'),
      join(here, 'events.h'),
    ],
    { stdio: 'inherit' },
  );
  return {
    generator: compileTool('generator', folder),
    reader: compileTool('reader', folder),
    printer: compileTool('printer', folder, ['-lbpf']),
    object: join(output, 'events.bpf.o'),
    package: join(output, 'package.json'),
  };
}
