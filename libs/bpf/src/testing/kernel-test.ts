import { afterAll, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** linux/capability.h */
const CAP_SYS_ADMIN = 21n;
const CAP_PERFMON = 38n;
const CAP_BPF = 39n;

const TRACEFS = '/sys/kernel/tracing';

const leftOut: string[] = [];
let reporting = false;

/**
 * A test that loads programs into the kernel. Where that can't be (no rights, no BTF, no clang), it is left
 * out and said so at the end of the file; under `CI=true` it fails instead, so that green means run.
 */
export function kernelTest(name: string, run: () => void | Promise<void>, timeoutMs = 30_000): void {
  const reason = whyNoKernel();
  if (!reason) {
    test(name, run, timeoutMs);
  } else if (process.env['CI'] === 'true') {
    test(name, () => {
      throw new Error(`left out: ${reason}; CI=true asks for every test`);
    });
  } else {
    leaveOut(name, reason);
  }
}

/** Says why programs can't be compiled and loaded here; undefined when they can. */
export function whyNoKernel(): string | undefined {
  if (process.platform !== 'linux') return 'not Linux';
  if (!mayLoadPrograms()) return 'no rights to load BPF programs (run as root)';
  if (!existsSync('/sys/kernel/btf/vmlinux')) return 'the kernel has no BTF';
  const missing = ['clang', 'llvm-strip', 'bpftool'].filter((tool) => !isOnPath(tool));
  if (missing.length > 0) return `not installed: ${missing.join(', ')}`;
  return mountTracefs() ? undefined : `tracefs can't be mounted at ${TRACEFS}`;
}

function leaveOut(name: string, reason: string): void {
  test.skip(`${name} (left out: ${reason})`, () => undefined);
  leftOut.push(name);
  if (reporting) return;
  reporting = true;
  afterAll(() => {
    process.stderr.write(`${leftOut.length} kernel tests left out: ${reason}\n`);
  });
}

function mayLoadPrograms(): boolean {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  const effective = BigInt(`0x${line ?? '0'}`);
  const has = (capability: bigint) => ((effective >> capability) & 1n) === 1n;
  return has(CAP_SYS_ADMIN) || (has(CAP_BPF) && has(CAP_PERFMON));
}

function mountTracefs(): boolean {
  const mounted = () => existsSync(`${TRACEFS}/events`);
  if (mounted()) return true;
  try {
    execFileSync('mount', ['-t', 'tracefs', 'tracefs', TRACEFS], { stdio: 'ignore' });
  } catch {
    return false;
  }
  return mounted();
}

function isOnPath(tool: string): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(`${folder}/${tool}`));
}
