import { afterEach, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const LOCK = new URL('lock.mjs', import.meta.url).href;

/** Takes the lock, says so, and holds it until its input ends. */
const HOLDER = `
  import { once } from 'node:events';
  import { withLock } from '${LOCK}';
  await withLock(process.argv[1], async () => {
    console.log('held');
    await once(process.stdin.resume(), 'end');
  });
  console.log('released');
`;

const holders: ChildProcess[] = [];

afterEach(() => {
  for (const holder of holders.splice(0)) holder.kill('SIGKILL');
});

function startHolder(name: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, name], {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  holders.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return { child, nextLine: async () => (await lines.next()).value as string };
}

test('the second to ask waits until the first has released', async () => {
  const name = `test-${process.pid}-turns`;
  const first = startHolder(name);
  expect(await first.nextLine()).toBe('held');
  const second = startHolder(name);
  expect(await second.nextLine()).toMatch(/waiting/);
  first.child.stdin.end();
  expect(await first.nextLine()).toBe('released');
  expect(await second.nextLine()).toBe('held');
  second.child.stdin.end();
  expect(await second.nextLine()).toBe('released');
});

test('the lock of a killed process is free', async () => {
  const name = `test-${process.pid}-killed`;
  const first = startHolder(name);
  expect(await first.nextLine()).toBe('held');
  const second = startHolder(name);
  expect(await second.nextLine()).toMatch(/waiting/);
  first.child.kill('SIGKILL');
  await once(first.child, 'exit');
  expect(await second.nextLine()).toBe('held');
});

test('locks of different names do not wait for each other', async () => {
  const first = startHolder(`test-${process.pid}-a`);
  const second = startHolder(`test-${process.pid}-b`);
  expect(await first.nextLine()).toBe('held');
  expect(await second.nextLine()).toBe('held');
});
