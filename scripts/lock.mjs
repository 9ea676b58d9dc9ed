import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { root } from './workspace.mjs';

/**
 * Does `action` while no other process does anything under the same name in this workspace.
 *
 * The lock is a listening socket in Linux's abstract namespace (unix(7)): taking it is atomic, and the
 * kernel frees it with its process, so there is nothing to clean up and no stale lock to detect.
 *
 * @template T
 * @param {string} name
 * @param {() => Promise<T>} action
 * @returns {Promise<T>}
 */
export async function withLock(name, action) {
  if (process.platform !== 'linux') return action();
  const release = await take(name, lockPath(name));
  try {
    return await action();
  } finally {
    release();
  }
}

/** @param {string} name */
function lockPath(name) {
  const workspace = createHash('sha256').update(root).digest('hex').slice(0, 32);
  return `\0ecli-${name}-${workspace}`;
}

/**
 * @param {string} name
 * @param {string} path
 * @returns {Promise<() => void>} what releases the lock
 */
async function take(name, path) {
  for (let waited = false; ; waited = true) {
    const release = await listen(path);
    if (release) return release;
    if (!waited) console.log(`${name}: another one is at work here; waiting for it`);
    await released(path);
  }
}

/**
 * @param {string} path
 * @returns {Promise<(() => void) | undefined>} what stops listening; undefined when another process has the path
 */
async function listen(path) {
  /** @type {Set<import('node:net').Socket>} */
  const waiting = new Set();
  const server = createServer((socket) => {
    waiting.add(socket.unref());
    socket.on('error', () => socket.destroy()).on('close', () => waiting.delete(socket));
  });
  try {
    await once(server.listen({ path }), 'listening');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EADDRINUSE') return undefined;
    throw error;
  }
  return () => {
    server.close();
    for (const socket of waiting) socket.destroy();
  };
}

/**
 * Resolves when the process that listens on `path` releases it or ends: our connection to it closes then.
 *
 * @param {string} path
 */
async function released(path) {
  const socket = connect({ path }).resume();
  socket.on('error', () => socket.destroy());
  await new Promise((resolve) => socket.on('close', resolve));
}
