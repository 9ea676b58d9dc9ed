import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { whyNoBpf } from './bpf-rights.mjs';
import { buildBundle, buildExamples } from './build.mjs';
import { flameGraphSvg } from './pictures/flame-graph-svg.mjs';
import { record } from './pictures/recording.mjs';
import { terminalSvg } from './pictures/terminal-svg.mjs';
import { StepFailed, capture, main, root } from './workspace.mjs';

const FOLDER = join(root, 'docs/pictures');
const ECLI = [process.execPath, 'apps/ecli/bin/ecli.cjs'];
/** What is shown at work. */
const EXAMPLES = { events: 'examples/opens', histogram: 'examples/runqlat', stacks: 'examples/profile' };
const LARGEST_BYTES = 60_000;

/** What happens while events are shown. */
const COMMANDS = [
  ['/bin/cat', '/etc/hostname'],
  ['/usr/bin/getent', 'hosts', 'localhost'],
  ['/bin/cat', '/etc/nonexistent'],
  ['/bin/date'],
];

/**
 * Makes docs/pictures/*.svg from runs of ecli: `node scripts/pictures.mjs`, as root. Each time they are of new
 * runs, and so a little different.
 */
await main(import.meta.url, async () => {
  const reason = whyNoBpf();
  if (reason) throw new StepFailed(`pictures: ${reason}`);
  await buildBundle();
  await buildExamples();
  await mkdir(FOLDER, { recursive: true });
  await write('events.svg', await events());
  await write('histogram.svg', await histogram());
  await write('flame-graph.svg', await flameGraph());
  return 0;
});

async function events() {
  const filter = ['--filter', 'comm~^(cat|date|getent)$'];
  const args = ['run', ...filter, '--fields', 'pid,comm,ret,filename', EXAMPLES.events];
  return screenOf(args, { columns: 92, rows: 26, seconds: 6 }, COMMANDS);
}

async function histogram() {
  return screenOf(['run', EXAMPLES.histogram], { columns: 84, rows: 40, seconds: 6 }, [
    ['/bin/sh', '-c', 'for i in 1 2 3 4; do (head -c 20000000 /dev/zero | sha1sum > /dev/null) & done; wait'],
  ]);
}

/**
 * Records what a command line shows while `commands` run again and again.
 *
 * @param {readonly string[]} args
 * @param {{ columns: number, rows: number, seconds: number }} size
 * @param {readonly (readonly string[])[]} commands
 */
async function screenOf(args, size, commands) {
  const typed = ['ecli', ...args].map((word) => (/[|^$()]/.test(word) ? `'${word}'` : word)).join(' ');
  const ended = new AbortController();
  const happening = repeat(commands, ended.signal);
  try {
    const lines = await record([...ECLI, ...args], { ...size, prompt: `\x1b[2m#\x1b[0m ${typed}` });
    return terminalSvg(lines, { columns: size.columns, title: typed });
  } finally {
    ended.abort();
    await happening;
  }
}

/**
 * @param {readonly (readonly string[])[]} commands
 * @param {AbortSignal} signal
 */
async function repeat(commands, signal) {
  for (let turn = 0; !signal.aborted; turn++) {
    const [command = '', ...args] = commands[turn % commands.length] ?? [];
    // In plain C, no program opens files of its language.
    await capture(command, args, { env: { ...process.env, LC_ALL: 'C' } });
    await delay(300);
  }
}

/** Profiles a program of ours, so that the picture has functions that a reader can follow. */
async function flameGraph() {
  const folder = await mkdtemp(join(tmpdir(), 'ecli-pictures-'));
  try {
    const program = join(folder, 'words');
    await succeed('clang', [
      '-O1',
      '-g',
      '-fno-omit-frame-pointer',
      '-o',
      program,
      join(root, 'scripts/pictures/words.c'),
    ]);
    const [{ output }] = await Promise.all([
      capture(process.execPath, [
        ...ECLI.slice(1),
        'run',
        '--folded',
        '--frequency',
        '499',
        '--timeout',
        '4',
        EXAMPLES.stacks,
      ]),
      succeed(program, ['5']),
    ]);
    const folded = output
      .split('\n')
      .filter((line) => line.startsWith('words;'))
      .join('\n');
    return flameGraphSvg(folded, { title: 'a flame graph of a program that counts words' });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
async function succeed(command, args) {
  const { code, output } = await capture(command, args);
  if (code !== 0) throw new StepFailed(`pictures: ${command} ended with exit code ${code}\n${output}`);
}

/**
 * @param {string} name
 * @param {string} svg
 */
async function write(name, svg) {
  const bytes = Buffer.byteLength(svg);
  if (bytes > LARGEST_BYTES) throw new StepFailed(`pictures: ${name} came to ${bytes} bytes`);
  await writeFile(join(FOLDER, name), svg);
  console.log(`pictures: docs/pictures/${name}, ${bytes} bytes`);
}
