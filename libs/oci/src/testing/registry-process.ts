import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A docker-registry that listens. */
export interface RegistryProcess {
  readonly port: number;
  /** Ends it without a warning; does nothing when it has ended. */
  kill(): Promise<void>;
}

const PROGRAM = 'docker-registry';
const START_LIMIT_MS = 20_000;

/**
 * Starts docker-registry and resolves once it listens: it says so, and at which port, after it does.
 *
 * @param said hears all its output
 * @throws Error with its output when it ends instead
 */
export async function startProcess(
  folder: string,
  configuration: object,
  said: (text: string) => void,
): Promise<RegistryProcess> {
  const file = join(folder, 'config.yml');
  await writeFile(file, JSON.stringify(configuration)); // which is YAML
  // The kernel ends it with the thread that started it, however that ends.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', PROGRAM, 'serve', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] },
  });
  const closed = once(child, 'close').catch(() => []); // for one that can't be started, 'error' tells
  const kill = async () => {
    child.kill('SIGKILL');
    await closed;
  };
  const limit = setTimeout(() => void kill(), START_LIMIT_MS);
  try {
    return { port: await portOf(child, said), kill };
  } finally {
    clearTimeout(limit);
  }
}

function portOf(child: ChildProcess, said: (text: string) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        said(text);
        output += text;
        const port = /listening on 127\.0\.0\.1:(\d+)/.exec(output)?.[1];
        if (port) resolve(Number(port));
      });
    }
    child.once('error', reject);
    child.once('close', (code, signal) => {
      reject(new Error(`${PROGRAM} ended with ${code ?? signal}: ${output}`));
    });
  });
}
