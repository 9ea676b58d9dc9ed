import { withLock } from './lock.mjs';
import { missingMounts, mountAll } from './mounts.mjs';
import { installNodeModules, nodeModulesAreCurrent } from './node-modules.mjs';
import { REQUIREMENTS, installRequirements, missingRequirements } from './system-packages.mjs';
import { StepFailed, main } from './workspace.mjs';

const OLDEST_NODE = [20, 19];

/**
 * Makes a fresh clone ready: system packages, npm packages, mounts; only what is missing, and says what.
 *
 * @param {typeof REQUIREMENTS} [requirements]
 * @returns {Promise<boolean>} false when a mount is missing that we could not make: unit tests run without
 * @throws {StepFailed} when packages are missing that we could not install
 */
export async function setup(requirements = REQUIREMENTS) {
  refuseOldNode();
  if (await isReady(requirements)) return true;
  return withLock('setup', async () => {
    const missing = missingHere(requirements);
    // npm packages first: they install anywhere, and a missing system package ends the setup.
    if (!(await nodeModulesAreCurrent())) await installNodeModules();
    if (missing.length > 0) await installRequirements(missing);
    return mountAll(missingMounts());
  });
}

/** @param {typeof REQUIREMENTS} requirements */
async function isReady(requirements) {
  if (missingHere(requirements).length > 0) return false;
  return missingMounts().length === 0 && (await nodeModulesAreCurrent());
}

/** @param {typeof REQUIREMENTS} requirements */
function missingHere(requirements) {
  return process.platform === 'linux' ? missingRequirements(requirements) : [];
}

function refuseOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  throw new StepFailed(`setup: Node ${OLDEST_NODE.join('.')} or newer is needed; this is ${process.version}`);
}

await main(import.meta.url, async () => {
  const complete = await setup();
  if (complete) console.log('setup: ready');
  return complete ? 0 : 1;
});
