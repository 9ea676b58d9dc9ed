import { existsSync, readFileSync } from 'node:fs';
import { capture, isRoot } from './workspace.mjs';

/** The kernel's file systems that attaching to tracepoints and pinning need. */
const MOUNTS = [
  { type: 'tracefs', folder: '/sys/kernel/tracing' },
  { type: 'bpf', folder: '/sys/fs/bpf' },
];

/** Names those that are not mounted where they belong. */
export function missingMounts() {
  if (process.platform !== 'linux') return [];
  const mounted = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '));
  return MOUNTS.filter(({ type, folder }) => !mounted.some(([, at, kind]) => at === folder && kind === type));
}

/**
 * Mounts what is missing.
 *
 * @param {ReturnType<typeof missingMounts>} missing
 * @returns {Promise<boolean>} whether all are mounted now; those that aren't were named
 */
export async function mountAll(missing) {
  const done = [];
  for (const mount of missing) done.push(await mountOne(mount));
  return done.every(Boolean);
}

/** @param {(typeof MOUNTS)[number]} mount */
async function mountOne({ type, folder }) {
  if (!existsSync(folder)) return refuse(`this kernel has no ${folder}`);
  const command = ['mount', '-t', type, type, folder];
  if (!isRoot) return refuse(`${type} is not mounted; mount it by: sudo ${command.join(' ')}`);
  console.log(`setup: mounting ${type} on ${folder}`);
  const { code, output } = await capture('mount', command.slice(1));
  return code === 0 || refuse(`${type} could not be mounted on ${folder}: ${output.trim()}`);
}

/** @param {string} reason */
function refuse(reason) {
  console.error(`setup: ${reason}`);
  return false;
}
