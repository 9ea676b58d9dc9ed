import { afterEach } from '@jest/globals';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';

const running = new Set<ChildProcessWithoutNullStreams>();

/** A test that fails half-way leaves its children running. */
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a process that ends with the test that started it at the latest. */
export function startChild(command: string, ...args: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn(command, args);
  running.add(child);
  child.once('close', () => running.delete(child));
  return child;
}
