import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const ESBUILD = join(HERE, '../../../../node_modules/.bin/esbuild');

/** Bundles the puller into `folder`, so that plain node runs it. */
export function bundlePuller(folder: string): string {
  const outfile = join(folder, 'puller.mjs');
  const options = [
    '--bundle',
    '--platform=node',
    '--format=esm',
    '--conditions=@ecli/source',
    '--log-level=error',
  ];
  // CommonJS among what is bundled asks for `require`.
  const banner =
    "--banner:js=import{createRequire}from'node:module';const require=createRequire(import.meta.url);";
  execFileSync(ESBUILD, [join(HERE, 'puller.ts'), ...options, banner, `--outfile=${outfile}`]);
  return outfile;
}

/** Starts a process that the kernel ends with the tests. */
export function startPuller(puller: string, args: readonly string[]): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, puller, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** Waits for its end. @throws Error with what it said, when it failed */
export async function succeeded(child: ChildProcess): Promise<void> {
  const said: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => said.push(text));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`${child.exitCode ?? child.signalCode}: ${said.join('')}`);
}
