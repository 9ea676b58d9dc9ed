// node bench/events/steady.mjs [--rate 500000] [--minutes 10]
// Shows events at an even rate for a long time, and prints how much memory that takes as it goes: it has to stay flat.
// As root.
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { median, plainEnvironment } from '../figures.mjs';
import { buildBenchmark } from './build.mjs';
import { attached } from './measure.mjs';

const RING_BYTES = 16 * 1024 * 1024;
const SAMPLE_MS = 5000;
/** Code is compiled and buffers are made in the first minute. */
const WARM_UP_MS = 60_000;

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '500000' }, minutes: { type: 'string', default: '10' } },
});
const cli = fileURLToPath(new URL('../../apps/ecli/bin/ecli.cjs', import.meta.url));

function residentMegabytes(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

const folder = mkdtempSync(join(tmpdir(), 'ecli-bench-'));
const built = buildBenchmark(folder, RING_BYTES);
const counter = spawn(built.reader, [], { stdio: ['pipe', 'pipe', 'inherit'] });
const tool = spawn(process.execPath, [cli, 'run', built.package], {
  stdio: ['ignore', counter.stdin, 'inherit'],
  env: plainEnvironment(),
});
counter.stdin.destroy();
try {
  await attached(tool);
  const seconds = Number(values.minutes) * 60;
  const began = Date.now();
  const firing = promisify(execFile)(built.generator, [values.rate, String(seconds)]);
  const samples = [];
  while (Date.now() - began < seconds * 1000) {
    await delay(SAMPLE_MS);
    samples.push({ ms: Date.now() - began, megabytes: residentMegabytes(tool.pid) });
  }
  const [fired, took] = (await firing).stdout.trim().split(' ').map(Number);
  const exited = new Promise((resolve) => tool.once('exit', resolve));
  tool.kill('SIGINT');
  await exited;
  let report = '';
  for await (const text of counter.stdout) report += text;
  const shown = Number(report.trim().split(' ')[0]) - 1;
  const steady = samples.filter(({ ms }) => ms > WARM_UP_MS).map(({ megabytes }) => megabytes);
  const [middle, low, high] = [median(steady), Math.min(...steady), Math.max(...steady)];
  const percent = (megabytes) => `${(((megabytes - middle) / middle) * 100).toFixed(1)} %`;
  console.log(`${Math.round(fired / took).toLocaleString('en-US')} events/s for ${Math.round(took)} s`);
  console.log(`shown ${shown.toLocaleString('en-US')}, lost ${(fired - shown).toLocaleString('en-US')}`);
  const minutes = Array.from({ length: Math.ceil(seconds / 60) }, (_, minute) =>
    median(samples.filter(({ ms }) => Math.floor(ms / 60_000) === minute).map(({ megabytes }) => megabytes)),
  );
  console.log(`resident by the minute: ${minutes.map((megabytes) => megabytes?.toFixed(0)).join(', ')} MB`);
  console.log(
    `resident after the first minute: ${middle.toFixed(0)} MB, from ${percent(low)} to +${percent(high)}`,
  );
} finally {
  tool.kill('SIGKILL');
  counter.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
}
