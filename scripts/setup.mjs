import { withLock } from './lock.mjs';
import { missingMounts, mountAll } from './mounts.mjs';
import { installNodeModules, nodeModulesAreCurrent } from './node-modules.mjs';
import { installRequirements, missingRequirements } from './system-packages.mjs';
import { StepFailed, main } from './workspace.mjs';

const OLDEST_NODE = [20, 19];

/**
 * Makes a fresh clone ready: system packages, npm packages, mounts; only what is missing, and says what.
 *
 * @returns {Promise<boolean>} false when a mount is missing that we could not make: unit tests run without
 * @throws {StepFailed} when packages are missing that we could not install
 */
export async function setup() {
  refuseOldNode();
  if (await isReady()) return true;
  return withLock('setup', async () => {
    const missing = process.platform === 'linux' ? missingRequirements() : [];
    // npm packages first: they install anywhere, and a missing system package ends the setup.
    if (!(await nodeModulesAreCurrent())) await installNodeModules();
    if (missing.length > 0) await installRequirements(missing);
    return mountAll(missingMounts());
  });
}

async function isReady() {
  if (process.platform === 'linux' && missingRequirements().length > 0) return false;
  return missingMounts().length === 0 && (await nodeModulesAreCurrent());
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
