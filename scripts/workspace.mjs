import { spawn } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder that holds package.json and package-lock.json. */
export const root = realpathSync(fileURLToPath(new URL('..', import.meta.url)));

/** A step that could not be done, told in words that need no stack trace. */
export class StepFailed extends Error {
  /** @override */
  name = 'StepFailed';
}

/**
 * Runs `action` when the module at `moduleUrl` is what node was started with; its result is the exit code.
 *
 * @param {string} moduleUrl
 * @param {() => Promise<number>} action
 */
export async function main(moduleUrl, action) {
  const entry = process.argv[1];
  if (entry === undefined || realpathSync(entry) !== fileURLToPath(moduleUrl)) return;
  try {
    process.exitCode = await action();
  } catch (error) {
    if (!(error instanceof StepFailed)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

/**
 * Runs a command in the workspace's folder with this process's own output.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} the exit code; a signal counts as 128
 */
export function run(command, args, { env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 128));
  });
}

/**
 * Runs a command whose output matters only when it fails.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ code: number, output: string }>} both streams together
 */
export function capture(command, args, { env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => (output += text));
    }
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? 128, output }));
  });
}

/**
 * Finds a program as a shell would, and in the system folders that an ordinary user's PATH often lacks.
 *
 * @param {string} name
 * @returns {string | undefined} its path
 */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export const isRoot = process.getuid?.() === 0;
