// node bench/startup/run.mjs [--runs 21]
// Whole-process times: bare node, `ecli --version`, and each tool's `run` to its first line of output.
// The runs go in turn, medians are printed with their distance to bare node.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildBenchmark } from '../events/build.mjs';
import { median, plainEnvironment } from '../figures.mjs';
import { presentTools } from '../events/tools.mjs';

const cli = fileURLToPath(new URL('../../apps/ecli/bin/ecli.cjs', import.meta.url));
const { values } = parseArgs({ options: { runs: { type: 'string', default: '21' } } });
const env = plainEnvironment();

/** ecli-rs sometimes ignores an early Ctrl-C (1 of 60). */
function end(child) {
  child.kill('SIGINT');
  const limit = setTimeout(() => child.kill('SIGKILL'), 2000);
  child.once('close', () => clearTimeout(limit));
}

/** Milliseconds from spawning to the first byte of output (`until: 'output'`) or to the exit. */
function time([command, ...args], until) {
  return new Promise((resolve, reject) => {
    const began = process.hrtime.bigint();
    const elapsed = () => Number(process.hrtime.bigint() - began) / 1e6;
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], env });
    let first;
    child.stdout.once('data', () => {
      first = elapsed();
      if (until === 'output') end(child);
    });
    child.once('error', reject);
    child.once('close', () => {
      if (until === 'output' && first === undefined)
        reject(new Error(`no output: ${command} ${args.join(' ')}`));
      else resolve(until === 'output' ? first : elapsed());
    });
  });
}

const folder = mkdtempSync(join(tmpdir(), 'ecli-bench-'));
try {
  const built = buildBenchmark(folder, 16 * 1024 * 1024);
  const cases = [
    { name: 'node, empty script', command: [process.execPath, '-e', '0'], until: 'exit' },
    { name: 'ecli --version', command: [process.execPath, cli, '--version'], until: 'exit' },
    ...presentTools(built)
      .filter(({ name }) => name !== 'bpftrace')
      .map((tool) => ({
        name: `${tool.name}: run to first line`,
        command: tool.command('text'),
        until: 'output',
      })),
  ];
  const times = new Map(cases.map(({ name }) => [name, []]));
  for (let run = 0; run <= Number(values.runs); run++) {
    for (const { name, command, until } of cases) {
      const elapsed = await time(command, until);
      if (run > 0) times.get(name).push(elapsed); // the first warms the page cache
    }
  }
  const base = median(times.get(cases[0].name));
  console.log('\n| what | ms (median) | min | over bare node |\n| --- | --- | --- | --- |');
  for (const [name, all] of times) {
    const middle = median(all);
    console.log(
      `| ${name} | ${middle.toFixed(1)} | ${Math.min(...all).toFixed(1)} | ${(middle - base).toFixed(1)} |`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
