// node bench/oci/run.mjs [--runs 11] [--rounds 5] [--only small,large,together,again]
// Whole processes beside each other, from docker-registry on loopback: a 40 KB artifact, one of 50 MB, eight
// processes that fetch 20 tags at once into one place, and the second run of a digest. Peers on PATH or named by
// ORAS; skopeo. Medians with their ratio to ecli's.
import { startRegistry } from '@ecli/oci/testing';
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, plainEnvironment } from '../figures.mjs';
import { wasmModule } from './wasm-module.mjs';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '11' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: 'small,large,together,again' },
  },
});

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const cli = [process.execPath, here('../../apps/ecli/bin/ecli.cjs')];
const barePull = [process.execPath, here('bare-pull.mjs')];
const TAGS = Array.from({ length: 20 }, (_, index) => `v${index}`);
const PROCESSES = 8;
/** No process here takes a tenth of it. */
const LONGEST_MS = 60_000;

const folder = mkdtempSync(join(tmpdir(), 'ecli-bench-'));
const env = { ...plainEnvironment(), HOME: folder, DOCKER_CONFIG: join(folder, 'docker') };
const oras = process.env.ORAS ?? found('oras');
const skopeo = found('skopeo');
let counter = 0;

function found(name) {
  try {
    return execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim();
  } catch {
    console.log(`${name} is not there, and left out`);
    return undefined;
  }
}

/** A folder that nobody has used. */
function fresh() {
  const path = join(folder, `place-${counter++}`);
  mkdirSync(path);
  return path;
}

/** Runs a command to its end, or to its first output (`until: 'output'`); milliseconds. */
function time([command, ...args], { cache, until } = {}) {
  return new Promise((resolve, reject) => {
    const began = process.hrtime.bigint();
    const elapsed = () => Number(process.hrtime.bigint() - began) / 1e6;
    const options = { env: { ...env, XDG_CACHE_HOME: cache ?? folder }, cwd: folder };
    const stdio = ['ignore', until ? 'pipe' : 'ignore', 'pipe'];
    const child = spawn(command, args, { ...options, stdio, timeout: LONGEST_MS, killSignal: 'SIGKILL' });
    let errors = '';
    let first;
    child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
    child.stdout?.once('data', () => {
      first = elapsed();
      child.kill('SIGINT');
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (until ? first === undefined : code !== 0) {
        reject(new Error(`${[command, ...args].join(' ')}: ${code}: ${errors}`));
      } else resolve(first ?? elapsed());
    });
  });
}

async function peakMegabytes(command, options) {
  const file = join(fresh(), 'peak');
  await time([join(folder, 'peak'), file, ...command], options);
  return Number(readFileSync(file, 'utf8')) / 1024;
}

async function push(file, reference) {
  await time([...cli, 'push', file, reference]);
}

function table(heads, rows) {
  console.log(`\n| ${heads.join(' | ')} |\n|${heads.map(() => ' --- |').join('')}`);
  for (const row of rows) console.log(`| ${row.join(' | ')} |`);
}

/** The ways of having `reference` as a file or in a layout, each from nothing. */
function pulls(registry, name, tag) {
  const reference = `${registry.host}/${name}:${tag}`;
  const docker = `docker://${reference}`;
  return [
    {
      name: 'bare node: GET, sha256, file',
      command: () => [...barePull, registry.origin, name, tag, join(fresh(), 'file')],
    },
    {
      name: 'ecli pull',
      command: () => [...cli, 'pull', '-q', '-o', join(fresh(), 'file'), reference],
      cold: true,
    },
    oras && { name: 'oras pull', command: () => [oras, 'pull', '--plain-http', '-o', fresh(), reference] },
    skopeo && {
      name: 'skopeo copy to a layout',
      command: () => [skopeo, 'copy', '-q', '--src-tls-verify=false', docker, `oci:${fresh()}:${tag}`],
    },
  ].filter(Boolean);
}

/** Runs the cases in turn and returns the times of each; the first round warms the page cache. */
async function timesOf(cases, runs) {
  const times = new Map(cases.map(({ name }) => [name, []]));
  for (let run = 0; run <= runs; run++) {
    for (const { name, command, cold, cache, until } of cases) {
      const elapsed = await time(command(), { cache: cold ? fresh() : cache, until });
      if (run > 0) times.get(name).push(elapsed);
    }
  }
  return times;
}

async function small(registry) {
  const file = join(fresh(), 'small.wasm');
  writeFileSync(file, wasmModule(40_000));
  await push(file, `${registry.host}/bench/small:v1`);
  const cache = fresh();
  const saved = () => join(fresh(), 'file');
  const cases = [
    { name: 'node, empty script', command: () => [process.execPath, '-e', '0'] },
    ...pulls(registry, 'bench/small', 'v1'),
    {
      name: 'ecli pull, cached, HEAD asks for the tag',
      command: () => [...cli, 'pull', '-q', '-o', saved(), `${registry.host}/bench/small:v1`],
      cache,
    },
  ];
  const times = await timesOf(cases, Number(values.runs));
  const base = median(times.get('node, empty script'));
  const rows = [...times].map(([name, all]) => [
    name,
    median(all).toFixed(0),
    Math.min(...all).toFixed(0),
    (median(all) - base).toFixed(0),
  ]);
  table(['40 KB', 'ms (median)', 'min', 'over empty node'], rows);
}

async function large(registry) {
  const file = join(fresh(), 'large.wasm');
  writeFileSync(file, wasmModule(50_000_000));
  await push(file, `${registry.host}/bench/large:v1`);
  rmSync(file);
  const cases = pulls(registry, 'bench/large', 'v1');
  const times = await timesOf(cases, Number(values.rounds));
  const own = median(times.get('ecli pull'));
  const rows = [];
  for (const { name, command, cold } of cases) {
    const peak = await peakMegabytes(command(), { cache: cold ? fresh() : undefined });
    const all = times.get(name);
    rows.push([
      name,
      median(all).toFixed(0),
      Math.min(...all).toFixed(0),
      (own / median(all)).toFixed(2),
      peak.toFixed(0),
    ]);
  }
  table(['50 MB', 'ms (median)', 'min', "ecli's time to it", 'peak RSS MB'], rows);
}

/** Blobs that the registry sent since `from` characters of its log. */
function downloadsSince(registry, from) {
  const lines = registry.log().slice(from).split('\n');
  return lines.filter(
    (line) =>
      /\/blobs\/sha256:/.test(line) &&
      /"http.request.method":"GET"/.test(line) &&
      /response completed/.test(line),
  ).length;
}

function entriesOf(layout) {
  return JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')).manifests.length;
}

async function together(registry) {
  for (const tag of TAGS) {
    const file = join(fresh(), 'tool.wasm');
    writeFileSync(file, wasmModule(40_000));
    await push(file, `${registry.host}/bench/many:${tag}`);
  }
  const ways = [
    {
      name: 'ecli pull',
      place: (layout) => join(layout, 'ecli/oci'),
      command: (layout, tag) => [
        ...cli,
        'pull',
        '-q',
        '-o',
        join(fresh(), 'file'),
        `${registry.host}/bench/many:${tag}`,
      ],
    },
    oras && {
      name: 'oras cp to a layout',
      place: (layout) => layout,
      command: (layout, tag) => [
        ...[oras, 'cp', '--from-plain-http', '--to-oci-layout'],
        ...[`${registry.host}/bench/many:${tag}`, `${layout}:${tag}`],
      ],
    },
    skopeo && {
      name: 'skopeo copy to a layout',
      place: (layout) => layout,
      command: (layout, tag) => [
        ...[skopeo, 'copy', '-q', '--src-tls-verify=false'],
        ...[`docker://${registry.host}/bench/many:${tag}`, `oci:${layout}:${tag}`],
      ],
    },
  ].filter(Boolean);
  const rows = [];
  for (const { name, place, command } of ways) {
    const layout = fresh();
    const from = registry.log().length;
    let failed = 0;
    const began = performance.now();
    const pullAll = async () => {
      for (const tag of TAGS) {
        await time(command(layout, tag), { cache: layout }).catch(() => (failed += 1));
      }
    };
    await Promise.all(Array.from({ length: PROCESSES }, pullAll));
    const seconds = (performance.now() - began) / 1000;
    const entries = entriesOf(place(layout));
    rows.push([name, entries, downloadsSince(registry, from), failed, seconds.toFixed(1)]);
  }
  table(
    ['8 processes, 20 tags each, one place', 'entries of 20', 'blobs sent (20 layers)', 'failed', 's'],
    rows,
  );
}

async function again(registry) {
  const place = fresh();
  const examples = here('../../examples/opens');
  cpSync(examples, place, { recursive: true });
  const file = join(place, 'dist/package.json');
  await time([...cli, 'build', join(place, 'opens.bpf.c'), '-o', join(place, 'dist')]);
  const reference = `${registry.host}/bench/opens:v1`;
  await push(file, reference);
  const cache = fresh();
  const pulled = execFileSync(cli[0], [cli[1], 'pull', '-j', '-o', join(place, 'pulled'), reference], {
    env: { ...env, XDG_CACHE_HOME: cache },
    encoding: 'utf8',
  });
  const { digest } = JSON.parse(pulled);
  const cases = [
    { name: 'ecli run FILE', command: () => [...cli, 'run', file], cache, until: 'output' },
    {
      name: 'ecli run REF@DIGEST, cached',
      command: () => [...cli, 'run', `${registry.host}/bench/opens@${digest}`],
      cache,
      until: 'output',
    },
    {
      name: 'ecli run REF:TAG, cached, HEAD asks for it',
      command: () => [...cli, 'run', reference],
      cache,
      until: 'output',
    },
  ];
  const times = await timesOf(cases, Number(values.runs));
  const base = median(times.get('ecli run FILE'));
  const rows = [...times].map(([name, all]) => [
    name,
    median(all).toFixed(1),
    Math.min(...all).toFixed(1),
    (median(all) - base).toFixed(1),
  ]);
  table(['to the first line', 'ms (median)', 'min', 'over a file'], rows);
}

const registry = await startRegistry();
try {
  execFileSync('cc', ['-O2', '-o', join(folder, 'peak'), here('peak.c')]);
  const parts = { small, large, together, again };
  for (const part of values.only.split(',')) await parts[part](registry);
} finally {
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
}
