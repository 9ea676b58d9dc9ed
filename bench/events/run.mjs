// node bench/events/run.mjs [--rates 8000,50000,…] [--seconds 4] [--formats text,json] [--sinks file,pipe]
//                           [--burst 1000000] [--rounds 3] [--tools ecli,bpftrace]
// Offers the same events to ecli, a C program, bpftrace and ecli-rs, in turn, and prints what each showed,
// lost and cost, with ratios to the C program. As root. ECLI_RS names ecli-rs where it isn't on PATH.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../figures.mjs';
import { buildBenchmark } from './build.mjs';
import { measure } from './measure.mjs';
import { BASE, presentTools } from './tools.mjs';

const RING_BYTES = 16 * 1024 * 1024;
const BURST_RING_BYTES = 256 * 1024 * 1024;

const { values } = parseArgs({
  options: {
    rates: { type: 'string', default: '8000,50000,200000,500000,1000000' },
    seconds: { type: 'string', default: '4' },
    formats: { type: 'string', default: 'text,json' },
    sinks: { type: 'string', default: 'file,pipe' },
    burst: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '3' },
    tools: { type: 'string' },
  },
});
const list = (text) => text.split(',').filter(Boolean);
const chosen = (tool, format) =>
  tool.formats.includes(format) && (!values.tools || list(values.tools).includes(tool.name));

function print(cells) {
  console.log(`| ${cells.join(' | ')} |`);
}

function table(heads) {
  console.log();
  print(heads);
  print(heads.map(() => '---'));
}

const count = (number) => Math.round(number).toLocaleString('en-US');
const perMillion = ({ cpuSeconds, shown }) => (shown ? (cpuSeconds / shown) * 1e6 : Number.NaN);

async function rates(folder) {
  const built = buildBenchmark(folder, RING_BYTES);
  table([
    'offered/s',
    'format',
    'to',
    'tool',
    'shown',
    'lost',
    'CPU s per million',
    'peak RSS MB',
    'CPU vs C',
  ]);
  for (const format of list(values.formats)) {
    for (const sink of list(values.sinks)) {
      for (const rate of list(values.rates)) {
        await oneRate(built, folder, format, sink, Number(rate));
      }
    }
  }
}

async function oneRate(built, folder, format, sink, rate) {
  let base = Number.NaN;
  const load = { rate, seconds: Number(values.seconds) };
  const tools = presentTools(built).filter((tool) => chosen(tool, format));
  // The base goes first, so that each row can be held against it.
  for (const tool of tools.toSorted((a, b) => Number(b.name === BASE) - Number(a.name === BASE))) {
    const result = await measure(tool, { built, format, sink, load, folder });
    const cost = perMillion(result);
    if (tool.name === BASE) base = cost;
    print([
      count(result.offered),
      format,
      sink,
      tool.name,
      `${((result.shown / result.fired) * 100).toFixed(1)} %`,
      count(result.lost),
      cost.toFixed(2),
      result.peakMegabytes.toFixed(0),
      `${(cost / base).toFixed(2)} ×`,
    ]);
  }
}

async function bursts(folder) {
  const built = buildBenchmark(folder, BURST_RING_BYTES);
  table([
    ...['burst', 'format', 'to', 'tool', 'lost', 'CPU s per million'],
    ...['drained/s (median)', 'vs C', 'drained/s (best)', 'vs C'],
  ]);
  for (const format of list(values.formats)) {
    for (const sink of list(values.sinks)) await oneBurst(built, folder, format, sink);
  }
}

/** The rounds go A B A B …, so that a machine whose speed drifts is unfair to nobody. */
async function oneBurst(built, folder, format, sink) {
  const burst = Number(values.burst);
  const tools = presentTools(built).filter((tool) => !tool.ownBuffer && chosen(tool, format));
  const results = new Map(tools.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const tool of tools) {
      results.get(tool.name).push(await measure(tool, { built, format, sink, load: { burst }, folder }));
    }
  }
  const speeds = (name) => (results.get(name) ?? []).map(({ shown, drainSeconds }) => shown / drainSeconds);
  const ratio = (of, name) => `${(of(speeds(name)) / of(speeds(BASE))).toFixed(2)} ×`;
  const best = (numbers) => Math.max(...numbers);
  for (const [name, runs] of results) {
    const lost = count(median(runs.map((run) => run.lost)));
    const cost = median(runs.map(perMillion)).toFixed(2);
    print([
      ...[count(burst), format, sink, name, lost, cost],
      ...[count(median(speeds(name))), ratio(median, name), count(best(speeds(name))), ratio(best, name)],
    ]);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'ecli-bench-'));
try {
  if (values.rates) await rates(folder);
  if (Number(values.burst)) await bursts(folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
