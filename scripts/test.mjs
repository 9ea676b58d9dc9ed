import { whyNoBpf } from './bpf-rights.mjs';
import { buildAll } from './build.mjs';
import { setup } from './setup.mjs';
import { REQUIREMENTS, TEST_REQUIREMENTS } from './system-packages.mjs';
import { main, root, run } from './workspace.mjs';
import { join } from 'node:path';

await main(import.meta.url, async () => {
  await setup([...REQUIREMENTS, ...TEST_REQUIREMENTS]);
  await buildAll();
  const reason = whyNoBpf();
  if (reason) sayWhatIsLeftOut(reason);
  return jest(process.argv.slice(2));
});

/** @param {string} reason */
function sayWhatIsLeftOut(reason) {
  const consequence = process.env.CI === 'true' ? 'fail, since CI=true asks for every test' : 'are left out';
  console.error(`test: ${reason}; tests that need the kernel ${consequence}`);
}

/**
 * Runs Jest; `npm test -- libs/btf` names what to run.
 *
 * @param {readonly string[]} args
 */
function jest(args) {
  // Jest loads ES modules through node:vm, which Node keeps behind this flag.
  const options = [
    process.env.NODE_OPTIONS,
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
  ];
  const env = { ...process.env, NODE_ENV: 'test', NODE_OPTIONS: options.filter(Boolean).join(' ') };
  return run(process.execPath, [join(root, 'node_modules/jest/bin/jest.js'), ...args], { env });
}
