import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StepFailed, capture, root } from './workspace.mjs';

/**
 * @typedef {{ version?: string, resolved?: string, integrity?: string, link?: boolean, optional?: boolean }} Locked
 * @typedef {{ packages: Record<string, Locked> }} Lock a package-lock.json, as far as we read it
 */

/**
 * Tells whether node_modules holds what package-lock.json names. npm records what it installed in
 * node_modules/.package-lock.json as its last act, so an interrupted installation counts as none.
 */
export async function nodeModulesAreCurrent() {
  const [wanted, installed] = await Promise.all(
    ['package-lock.json', 'node_modules/.package-lock.json'].map(readLock),
  );
  return wanted !== undefined && installed !== undefined && lockIsInstalled(wanted, installed);
}

/**
 * Compares by content and not by time: a checkout makes every file new.
 *
 * @param {Lock} wanted
 * @param {Lock} installed
 */
export function lockIsInstalled(wanted, installed) {
  return Object.entries(wanted.packages).every(([path, entry]) => {
    if (path === '') return true;
    const found = installed.packages[path];
    // Optional packages are those of other platforms: npm leaves them out.
    if (found === undefined) return entry.optional === true;
    return (
      found.version === entry.version && found.integrity === entry.integrity && found.link === entry.link
    );
  });
}

/**
 * @param {string} path
 * @returns {Promise<Lock | undefined>}
 */
async function readLock(path) {
  try {
    return JSON.parse(await readFile(join(root, path), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * Installs exactly what package-lock.json names, development dependencies too, whatever NODE_ENV says.
 *
 * @throws {StepFailed} with npm's output
 */
export async function installNodeModules() {
  console.log('setup: installing npm packages (npm ci)');
  const [command, ...prefix] = npm();
  const args = [
    'ci',
    '--include=dev',
    '--include=optional',
    '--prefer-offline',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ];
  const { code, output } = await capture(command, [...prefix, ...args]);
  if (code !== 0) throw new StepFailed(`${output}\nsetup: npm ci failed`);
}

/** @returns {[string, ...string[]]} the npm that started us, else the one on the PATH */
function npm() {
  const path = process.env.npm_execpath;
  return path?.endsWith('npm-cli.js') ? [process.execPath, path] : ['npm'];
}
