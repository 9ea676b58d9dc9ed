import { join } from 'node:path';
import { root, run } from './workspace.mjs';

/**
 * Runs Jest on the TypeScript sources.
 *
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [more] environment for the tests
 * @returns {Promise<number>} the exit code
 */
export function runJest(args, more = {}) {
  // Jest loads ES modules through node:vm, which Node keeps behind this flag.
  const options = [
    process.env.NODE_OPTIONS,
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
  ];
  const env = { ...process.env, ...more, NODE_ENV: 'test', NODE_OPTIONS: options.filter(Boolean).join(' ') };
  return run(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), ...args], { env });
}
