import { whyNoBpf } from './bpf-rights.mjs';
import { buildAll } from './build.mjs';
import { runJest } from './jest.mjs';
import { setup } from './setup.mjs';
import { REQUIREMENTS, TEST_REQUIREMENTS } from './system-packages.mjs';
import { main } from './workspace.mjs';

await main(import.meta.url, async () => {
  await setup([...REQUIREMENTS, ...TEST_REQUIREMENTS]);
  await buildAll();
  const reason = whyNoBpf();
  if (reason) sayWhatIsLeftOut(reason);
  return runJest(process.argv.slice(2)); // `npm test -- libs/btf` names what to run
});

/** @param {string} reason */
function sayWhatIsLeftOut(reason) {
  const consequence = process.env.CI === 'true' ? 'fail, since CI=true asks for every test' : 'are left out';
  console.error(`test: ${reason}; tests that need the kernel ${consequence}`);
}
