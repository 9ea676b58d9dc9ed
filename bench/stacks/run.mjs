// node bench/stacks/run.mjs [--rounds 5] [--seconds 1] [--frames 20] [--processes 50]
// Stacks a second of CPU time that are named and written as rows by one thread, from samples as a program sends them:
// half of the frames in the kernel, half in one of several processes. The first pass over all of them is cold.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { sampleMemory } from '@ecli/btf';
import { compileStackRows } from '../../libs/runners/native/dist/stacks/compile-stack-rows.js';
import { median } from '../figures.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '1' },
    frames: { type: 'string', default: '20' },
    processes: { type: 'string', default: '50' },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const depth = Math.ceil(Number(values.frames) / 2);
const processCount = Number(values.processes);

/** Stacks in the samples that are rendered again and again. */
const SAMPLES = 2000;
const SLOTS = 127;
const COMM_BYTES = 16;
const SAMPLE_BYTES = 16 + COMM_BYTES + 2 * SLOTS * 8;

/** As libbpf-bootstrap's profile.h has it: `pid, cpu_id, comm, kstack_sz, ustack_sz, kstack, ustack`. */
const integer = { kind: 'integer', signed: true, size: 4, height: 0 };
const address = { kind: 'integer', signed: false, size: 8, height: 0 };
const stack = { kind: 'array', element: address, length: SLOTS, size: SLOTS * 8, stride: 8, height: 1 };
const field = (name, offset, shape) => ({ name, shape, bitOffset: offset * 8, bitSize: 0 });
const layout = {
  spelling: 'struct stacktrace_event',
  size: SAMPLE_BYTES,
  fields: [
    field('pid', 0, integer),
    field('cpu_id', 4, integer),
    field('comm', 8, { kind: 'string', size: COMM_BYTES, height: 0 }),
    field('kstack_sz', 24, integer),
    field('ustack_sz', 28, integer),
    field('kstack', 32, stack),
    field('ustack', 32 + SLOTS * 8, stack),
  ],
};

/** A few hundred addresses of the kernel's text. */
function kernelAddresses() {
  const lines = readFileSync('/proc/kallsyms', 'latin1').match(/^[0-9a-f]{16} [Tt] .*$/gm) ?? [];
  const found = lines.filter((_, index) => index % Math.ceil(lines.length / 500) === 0);
  return found.map((line) => BigInt(`0x${line.slice(0, 16)}`) + 1n);
}

/** A few hundred addresses in what a process has mapped to execute. */
function userAddresses(pid) {
  const ranges = readFileSync(`/proc/${pid}/maps`, 'latin1').matchAll(
    /^([0-9a-f]+)-([0-9a-f]+) r-x.*\/.*$/gm,
  );
  return Array.from(ranges).flatMap(([, start, end]) => {
    const first = BigInt(`0x${start}`);
    const step = (BigInt(`0x${end}`) - first) / 100n;
    return Array.from({ length: 100 }, (_, index) => first + step * BigInt(index));
  });
}

function pick(list, random) {
  return list[Math.floor(random() * list.length)];
}

/** The same numbers in each run: a linear congruential generator (Numerical Recipes). */
function randomNumbers(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

function makeSamples(pids) {
  const random = randomNumbers(1);
  const kernel = kernelAddresses();
  const user = new Map(pids.map((pid) => [pid, userAddresses(pid)]));
  const bytes = Buffer.alloc(SAMPLES * SAMPLE_BYTES);
  for (let at = 0; at < bytes.length; at += SAMPLE_BYTES) {
    const pid = pick(pids, random);
    bytes.writeInt32LE(pid, at);
    bytes.write('sleeper', at + 8);
    bytes.writeInt32LE(depth * 8, at + 24);
    bytes.writeInt32LE(depth * 8, at + 28);
    for (let index = 0; index < depth; index++) {
      bytes.writeBigUInt64LE(pick(kernel, random), at + 32 + index * 8);
      bytes.writeBigUInt64LE(pick(user.get(pid), random), at + 32 + (SLOTS + index) * 8);
    }
  }
  return sampleMemory(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length));
}

/** Milliseconds of CPU that this process took: what others do meanwhile on the machine doesn't count. */
function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Renders all samples until `isDone`; returns stacks a second of CPU time, and bytes of a stack. */
function render(rows, memory, out, isDone) {
  const began = cpuMs();
  let stacks = 0;
  let bytes = 0;
  do {
    for (let index = 0; index < SAMPLES; index++)
      bytes += rows.write(memory, index * SAMPLE_BYTES, out, 0, SAMPLE_BYTES);
    stacks += SAMPLES;
  } while (!isDone(cpuMs() - began));
  return { perSecond: (stacks * 1000) / (cpuMs() - began), bytes: bytes / stacks };
}

const children = Array.from({ length: processCount }, () => spawn('sleep', ['600'], { stdio: 'ignore' }));
try {
  await Promise.all(children.map((child) => once(child, 'spawn')));
  const memory = makeSamples(children.map(({ pid }) => pid));
  const cases = [
    { name: 'text', format: 'text', presentation: {} },
    { name: 'JSON', format: 'json', presentation: {} },
    { name: 'CSV', format: 'csv', presentation: {} },
    { name: 'folded', format: 'text', presentation: { folded: true } },
    { name: 'text, addresses only', format: 'text', presentation: {}, isBare: true },
  ];
  console.log(`\n${2 * depth} frames a stack, ${processCount} processes\n`);
  console.log('| rows | first 2000 stacks, ms | stacks/s, warm (median) | best | bytes a stack |');
  console.log('| --- | --- | --- | --- | --- |');
  for (const { name, format, presentation, isBare } of cases) {
    const meta = { field_map: {}, with_symbols: !isBare };
    const settings = { format, presentation, startUs: () => 0, say: (line) => console.error(line) };
    const rows = compileStackRows(layout, meta, settings);
    const out = new Uint8Array(rows.maxBytes + 64);
    const began = cpuMs();
    render(rows, memory, out, () => true);
    const cold = cpuMs() - began;
    const warm = Array.from({ length: rounds }, () =>
      render(rows, memory, out, (elapsed) => elapsed >= seconds * 1000),
    );
    const rates = warm.map(({ perSecond }) => perSecond);
    const thousands = (rate) => `${(rate / 1000).toFixed(0)} k`;
    console.log(
      `| ${name} | ${cold.toFixed(0)} | ${thousands(median(rates))} | ${thousands(Math.max(...rates))} | ${warm[0].bytes.toFixed(0)} |`,
    );
  }
  console.log(`\nRSS ${(process.memoryUsage.rss() / 2 ** 20).toFixed(0)} MiB`);
} finally {
  for (const child of children) child.kill();
}
