// One measured run of one tool: start it, wait until it is attached, fire, wait until its output rests,
// stop it, count. CPU time and peak memory are the kernel's own figures for the tool's process.
import { execFile, spawn } from 'node:child_process';
import {
  closeSync,
  openSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { plainEnvironment } from '../figures.mjs';

const run = promisify(execFile);
const TICKS_PER_SECOND = 100; // sysconf(_SC_CLK_TCK) on Linux
const START_LIMIT_MS = 30_000;
const REST_MS = 600;
/** Less is what an idle tool uses. */
const BUSY_SECONDS = 0.05;
const DRAIN_LIMIT_MS = 20_000;
const STOP_LIMIT_MS = 20_000;

/**
 * Offers `load` ({rate, seconds} or {burst}) to `tool` and returns what it showed and what that cost. `keep` names a
 * file to be left with its output.
 */
export async function measure(tool, { built, format, sink, load, folder, keep }) {
  const process = start(tool.command(format), { sink, reader: built.reader, folder });
  try {
    await attached(process.tool);
    if (load.burst) process.tool.kill('SIGSTOP');
    const before = cpuSeconds(process.tool.pid);
    const { fired, seconds } = await fire(built.generator, load);
    const released = Date.now() / 1000;
    if (load.burst) process.tool.kill('SIGCONT');
    const restedAt = await outputRests(process);
    const cost = {
      cpuSeconds: cpuSeconds(process.tool.pid) - before,
      peakMegabytes: peakMegabytes(process.tool.pid),
    };
    const output = await stop(process);
    const shown = Math.max(0, output.lines - tool.headerLines[format]);
    const drainSeconds = (output.lastByteAt ?? restedAt) - released;
    return { fired, offered: fired / seconds, shown, lost: fired - shown, drainSeconds, ...cost };
  } finally {
    process.tool.kill('SIGKILL');
    process.reader?.kill('SIGKILL');
    if (keep) renameSync(process.file, keep);
    rmSync(process.file, { force: true });
  }
}

function start([command, ...args], { sink, reader, folder }) {
  const file = join(folder, `output-${process.pid}`);
  const stderr = process.env.BENCH_VERBOSE ? 'inherit' : 'ignore';
  if (sink === 'file') {
    const output = openSync(file, 'w');
    const tool = spawn(command, args, { stdio: ['ignore', output, stderr], env: plainEnvironment() });
    closeSync(output);
    return { tool, file };
  }
  const counter = spawn(reader, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const tool = spawn(command, args, { stdio: ['ignore', counter.stdin, stderr], env: plainEnvironment() });
  counter.stdin.destroy();
  return { tool, file, reader: counter, report: text(counter.stdout) };
}

async function text(stream) {
  let all = '';
  for await (const piece of stream) all += piece;
  return all;
}

/** A tool is attached when it holds a link or a perf event: the same sign for all of them. */
export async function attached(tool) {
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline && tool.exitCode === null) {
    if (descriptors(tool.pid).some((target) => /bpf[-_]link|perf_event/.test(target))) return delay(300);
    await delay(20);
  }
  throw new Error(`did not attach: ${tool.spawnargs.join(' ')}`);
}

function descriptors(pid) {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).flatMap((descriptor) => {
      try {
        return [readlinkSync(join(folder, descriptor))];
      } catch {
        return []; // closed meanwhile
      }
    });
  } catch {
    return [];
  }
}

async function fire(generator, { rate, seconds, burst }) {
  const { stdout } = await run(generator, burst ? ['burst', String(burst)] : [String(rate), String(seconds)]);
  const [fired, took] = stdout.trim().split(' ').map(Number);
  return { fired, seconds: took };
}

/**
 * Resolves once, for REST_MS, no more output came and the tool did nothing, or after DRAIN_LIMIT_MS; the value is
 * when the last output came (seconds since the epoch).
 */
async function outputRests({ file, reader, tool }) {
  const size = () => (reader ? bytesRead(reader.pid) : statSync(file).size);
  const deadline = Date.now() + DRAIN_LIMIT_MS;
  let last = { size: -1, cpu: 0 };
  let outputAt = Date.now();
  let busyAt = outputAt;
  while (Date.now() - busyAt < REST_MS && Date.now() < deadline) {
    const now = { size: size(), cpu: cpuSeconds(tool.pid) };
    if (now.size !== last.size) outputAt = Date.now();
    if (now.size !== last.size || now.cpu - last.cpu > BUSY_SECONDS) {
      busyAt = Date.now();
      last = now;
    }
    await delay(20);
  }
  return reader ? outputAt / 1000 : statSync(file).mtimeMs / 1000;
}

/** What read(2) has returned so far (proc(5), /proc/PID/io). */
function bytesRead(pid) {
  return Number(/rchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]);
}

async function stop({ tool, file, report }) {
  const exited = new Promise((resolve) => tool.once('exit', resolve));
  tool.kill('SIGINT');
  const limit = setTimeout(() => tool.kill('SIGKILL'), STOP_LIMIT_MS);
  await exited;
  clearTimeout(limit);
  if (!report) {
    const { stdout } = await run('wc', ['-l', file]);
    return { lines: Number.parseInt(stdout, 10) };
  }
  const [lines, , lastByteAt] = (await report).trim().split(' ').map(Number);
  return { lines, lastByteAt };
}

export function cpuSeconds(pid) {
  // proc(5): utime and stime are fields 14 and 15; the command's name may hold spaces, so cut after its ')'.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export function peakMegabytes(pid) {
  const kilobytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}
