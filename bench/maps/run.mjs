// node bench/maps/run.mjs [--entries 100000,1000000] [--formats text,json] [--seconds 3] [--rounds 3] [--check]
// Samples a map of so many entries again and again, by ecli and by a C program that prints the same, in turn; prints
// entries a second, processor time, peak memory, and ratios. --check compares what both print. As root.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compileTool } from '../events/build.mjs';
import { attached, cpuSeconds, peakMegabytes } from '../events/measure.mjs';
import { median, plainEnvironment } from '../figures.mjs';

const BASE = 'C with libbpf and printf';

const { values } = parseArgs({
  options: {
    entries: { type: 'string', default: '100000,1000000' },
    formats: { type: 'string', default: 'text,json' },
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    check: { type: 'boolean', default: false },
  },
});

const here = fileURLToPath(new URL('.', import.meta.url));
const cli = fileURLToPath(new URL('../../apps/ecli/bin/ecli.cjs', import.meta.url));
const list = (text) => text.split(',').filter(Boolean);
const count = (number) => Math.round(number).toLocaleString('en-US');
const print = (cells) => console.log(`| ${cells.join(' | ')} |`);

function build(entries, folder) {
  const output = join(folder, String(entries));
  mkdirSync(output, { recursive: true });
  const flag = `--additional-cflags=-DENTRIES=${entries}`;
  execFileSync(process.execPath, [cli, 'build', flag, '-o', output, join(here, 'maps.bpf.c')], {
    stdio: 'inherit',
  });
  return {
    generator: compileTool('generator', folder),
    reader: compileTool('reader', folder),
    printer: compileTool(join(here, 'printer'), folder, ['-lbpf']),
    object: join(output, 'maps.bpf.o'),
    package: join(output, 'package.json'),
  };
}

function toolsOf(built) {
  return [
    { name: BASE, command: (format) => [built.printer, built.object, format] },
    {
      name: 'ecli',
      command: (format) => [process.execPath, cli, 'run', '-o', format, built.package],
    },
  ];
}

/** Fills the map while the tool is stopped, lets it sample for some seconds, and says what it showed at what cost. */
async function measure(tool, format, entries, built) {
  const [command, ...args] = tool.command(format);
  const stderr = process.env.BENCH_VERBOSE ? 'inherit' : 'ignore';
  const reader = spawn(built.reader, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const child = spawn(command, args, { stdio: ['ignore', reader.stdin, stderr], env: plainEnvironment() });
  reader.stdin.destroy();
  const report = once(reader.stdout, 'data');
  const exited = once(child, 'exit');
  try {
    await attached(child);
    child.kill('SIGSTOP');
    execFileSync(built.generator, ['burst', String(entries)]);
    const before = cpuSeconds(child.pid);
    const began = Date.now();
    child.kill('SIGCONT');
    await delay(Number(values.seconds) * 1000);
    const cpu = cpuSeconds(child.pid) - before;
    const seconds = (Date.now() - began) / 1000;
    const megabytes = peakMegabytes(child.pid);
    child.kill('SIGKILL');
    await exited;
    const lines = Number(String((await report)[0]).split(' ')[0]);
    return { perSecond: lines / seconds, cpuPerMillion: (cpu / lines) * 1e6, megabytes };
  } finally {
    child.kill('SIGKILL');
    reader.kill('SIGKILL');
  }
}

/** The first reading of both, sorted, since each map has an order of its own. */
async function check(built, format) {
  const shown = [];
  for (const tool of toolsOf(built)) {
    const [command, ...args] = tool.command(format);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], env: plainEnvironment() });
    await attached(child);
    execFileSync(built.generator, ['burst', '1000']);
    let text = '';
    for await (const piece of child.stdout) {
      text += piece;
      if (text.length > 1_000_000) child.kill('SIGKILL');
    }
    const rows = text.split('\n').filter((line) => line.includes('{'));
    const last = rows.slice(0, -1).slice(-1000);
    shown.push(
      last
        .map((row) => row.replace(/^[\d:]{8} /, ''))
        .toSorted()
        .join('\n'),
    );
  }
  if (shown[0] !== shown[1]) throw new Error(`${format}: ecli and the C program print different rows`);
  console.log(`${format}: both print the same`);
}

const folder = mkdtempSync(join(tmpdir(), 'ecli-bench-'));
try {
  if (values.check) for (const format of list(values.formats)) await check(build(1000, folder), format);
  else {
    const heads = [
      'entries',
      'format',
      'tool',
      'entries/s',
      'vs C',
      'CPU s per million',
      'vs C',
      'peak RSS MB',
      'vs C',
    ];
    print(heads);
    print(heads.map(() => '---'));
    for (const entries of list(values.entries).map(Number)) {
      const built = build(entries, folder);
      for (const format of list(values.formats)) await compare(built, format, entries);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** The rounds go A B A B …, so that a machine whose speed drifts is unfair to nobody. */
async function compare(built, format, entries) {
  const tools = toolsOf(built);
  const results = new Map(tools.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const tool of tools) results.get(tool.name).push(await measure(tool, format, entries, built));
  }
  const middle = (name, key) => median(results.get(name).map((result) => result[key]));
  const ratio = (name, key) => `${(middle(name, key) / middle(BASE, key)).toFixed(2)} ×`;
  for (const { name } of tools) {
    print([
      ...[count(entries), format, name],
      ...[count(middle(name, 'perSecond')), ratio(name, 'perSecond')],
      ...[middle(name, 'cpuPerMillion').toFixed(2), ratio(name, 'cpuPerMillion')],
      ...[middle(name, 'megabytes').toFixed(0), ratio(name, 'megabytes')],
    ]);
  }
}
