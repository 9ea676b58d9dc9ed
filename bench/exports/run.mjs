// node bench/exports/run.mjs [--burst 1400000] [--rounds 3] [--cases flat,nested,…] [--check]
// Every way in which events are shown, one case after the other: ecli and a C program that prints the same drain the
// same full buffer in turn; prints rows a second and ratios. --check compares what both print. As root.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compileTool } from '../events/build.mjs';
import { measure } from '../events/measure.mjs';
import { median } from '../figures.mjs';

const RING_BYTES = 256 * 1024 * 1024;
/** Each case has a struct of its own in cases.h, and the formats that have something of their own for it. */
const CASES = [
  { name: 'flat', what: 'flat struct', formats: ['text', 'json', 'csv'] },
  { name: 'nested', what: 'nested structs, array', formats: ['text', 'json'] },
  { name: 'strings', what: 'strings', formats: ['text', 'json', 'csv'] },
  { name: 'bits', what: 'bit-fields', formats: ['text', 'json'] },
  { name: 'two', what: 'two exports at once', formats: ['text', 'json', 'csv'] },
];

const { values } = parseArgs({
  options: {
    burst: { type: 'string', default: '1400000' },
    rounds: { type: 'string', default: '3' },
    cases: { type: 'string', default: CASES.map(({ name }) => name).join(',') },
    check: { type: 'boolean', default: false },
  },
});

const here = fileURLToPath(new URL('.', import.meta.url));
const cli = fileURLToPath(new URL('../../apps/ecli/bin/ecli.cjs', import.meta.url));
const count = (number) => Math.round(number).toLocaleString('en-US');
const print = (cells) => console.log(`| ${cells.join(' | ')} |`);

/** Compiles one case's program, and the C program that prints its events. */
function build(name, folder) {
  const output = join(folder, name);
  mkdirSync(output, { recursive: true });
  const define = `-DCASE_${name.toUpperCase()}`;
  const flags = [define, `-DRING_BYTES=${RING_BYTES}`].map((flag) => `--additional-cflags=${flag}`);
  execFileSync(process.execPath, [cli, 'build', ...flags, '-o', output, join(here, 'exports.bpf.c')], {
    stdio: 'inherit',
  });
  return {
    generator: compileTool('generator', folder),
    reader: compileTool('reader', folder),
    printer: compileTool(join(here, 'printer'), output, [define, '-lbpf']),
    object: join(output, 'exports.bpf.o'),
    package: join(output, 'package.json'),
  };
}

function toolsOf(built, { name }) {
  const maps = name === 'two' ? 2 : 1;
  return [
    {
      name: 'C with libbpf and printf',
      headerLines: { text: 0, json: 0, csv: 0 },
      command: (format) => [built.printer, built.object, format],
    },
    {
      name: 'C tuned',
      headerLines: { text: 0, json: 0, csv: 0 },
      command: (format) => [built.printer, built.object, format, 'tuned'],
    },
    {
      name: 'ecli',
      headerLines: { text: maps, json: 0, csv: maps },
      command: (format) => [process.execPath, cli, 'run', '-o', format, built.package],
    },
  ];
}

/** The rounds go A B C A B C …, so that a machine whose speed drifts is unfair to nobody. */
async function compare(shape, format, built, folder) {
  const tools = toolsOf(built, shape);
  const rates = new Map(tools.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const tool of tools) {
      const load = { burst: Number(values.burst) };
      const { shown, lost, drainSeconds } = await measure(tool, {
        built,
        format,
        sink: 'file',
        load,
        folder,
      });
      if (lost !== 0) throw new Error(`${tool.name} lost ${lost} of ${shape.what} as ${format}`);
      rates.get(tool.name).push(shown / drainSeconds);
    }
  }
  const [plain, tuned, ours] = [...rates.values()].map(median);
  print([
    shape.what,
    format,
    count(ours),
    count(plain),
    `${(ours / plain).toFixed(1)} ×`,
    `${(ours / tuned).toFixed(1)} ×`,
  ]);
}

/** The rows that a tool prints of a few events, without their times. */
async function rowsOf(tool, format, built, folder) {
  const file = join(folder, 'rows');
  await measure(tool, {
    built,
    format,
    sink: 'file',
    load: { rate: 1000, seconds: 0.1 },
    folder,
    keep: file,
  });
  const rows = readFileSync(file, 'utf8').split('\n').slice(tool.headerLines[format]);
  return rows.map((row) => row.replace(/\d\d:\d\d:\d\d/, '').replace(/\d{3,}/g, 'N'));
}

async function check(shape, format, built, folder) {
  const [plain, , ours] = toolsOf(built, shape);
  const [expected, actual] = [
    await rowsOf(plain, format, built, folder),
    await rowsOf(ours, format, built, folder),
  ];
  const [one, other] = [expected, actual].map((rows) => rows.toSorted().join('\n'));
  print([shape.what, format, one === other ? 'the same' : `differs:\n${expected[0]}\n${actual[0]}`]);
}

const folder = mkdtempSync(join(tmpdir(), 'ecli-bench-'));
try {
  const heads = values.check
    ? ['events', 'format', 'as C prints them']
    : ['events', 'format', 'ecli rows/s', 'C rows/s', 'vs C', 'vs C tuned'];
  print(heads);
  print(heads.map(() => '---'));
  for (const shape of CASES.filter(({ name }) => values.cases.split(',').includes(name))) {
    const built = build(shape.name, folder);
    for (const format of shape.formats) await (values.check ? check : compare)(shape, format, built, folder);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
