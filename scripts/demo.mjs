import { setTimeout as delay } from 'node:timers/promises';
import { whyNoBpf } from './bpf-rights.mjs';
import { buildExamples } from './build.mjs';
import { setup } from './setup.mjs';
import { StepFailed, capture, main, run } from './workspace.mjs';

const ECLI = ['apps/ecli/dist/main.js', 'run'];
const EXAMPLE = 'examples/exec/exec.bpf.c';
const DURATION_S = 5;

/** What the demo starts, for the program in the kernel to see. */
const COMMANDS = [
  ['/usr/bin/true'],
  ['/bin/sh', '-c', 'exit 3'],
  ['/bin/ls', '/'],
  ['/bin/sh', '-c', '/bin/sleep 0.1; /usr/bin/id'],
];

const NEXT_STEPS = `
Try next:
  what a program can be asked for:  npx ecli run examples/opens/opens.bpf.c --help
  events as JSON:                   npx ecli run -j examples/exec/exec.bpf.c | head -3
  a package that runs anywhere:     npx ecli build examples/exec/exec.bpf.c -o /tmp/exec`;

await main(import.meta.url, async () => {
  const reason = whyNoBpf();
  if (reason) throw new StepFailed(`demo: ${reason}\ndemo: try: sudo npm run demo`);
  await setup();
  await buildExamples();
  console.log(`demo: ecli run ${EXAMPLE}, for ${DURATION_S} seconds\n`);
  const code = await showEvents();
  if (code !== 0) throw new StepFailed(`demo: ecli ended with exit code ${code}`);
  console.log(NEXT_STEPS);
  return 0;
});

/**
 * Runs the example, and meanwhile what it is to see.
 *
 * @returns {Promise<number>} the exit code
 */
async function showEvents() {
  const ended = new AbortController();
  const processes = startProcesses(ended.signal);
  try {
    return await run(process.execPath, [...ECLI, '--timeout', String(DURATION_S), EXAMPLE]);
  } finally {
    ended.abort();
    await processes;
  }
}

/**
 * Starts one process after the other until the example has ended.
 *
 * @param {AbortSignal} signal
 */
async function startProcesses(signal) {
  for (let turn = 0; !signal.aborted; turn++) {
    const [command = '', ...args] = COMMANDS[turn % COMMANDS.length] ?? [];
    await capture(command, args);
    await delay(400);
  }
}
