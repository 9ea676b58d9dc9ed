import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelTest } from '../src/testing/index.ts';
import { Child, type ChildOptions } from './child.ts';
import { compile } from './harness.ts';

const LOAD_AND_ATTACH = `
try {
  const object = bpf.openObject(fs.readFileSync(process.argv[2]), { name: 'test' });
  try {
    object.load();
    for (const program of object.programs) program.attach();
    console.log(JSON.stringify({ code: 'NONE' }));
  } finally {
    object.close();
  }
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }));
}`;

const CORE = `char LICENSE[] SEC("license") = "GPL";
SEC("raw_tp/sched_switch") int p(struct bpf_raw_tracepoint_args *ctx)
{ return BPF_CORE_READ((struct task_struct *)ctx->args[1], pid); }`;
const TRACEPOINT = `char LICENSE[] SEC("license") = "GPL";
SEC("tp/syscalls/sys_enter_execve") int p(void *ctx) { return 0; }`;
const PINNED = `struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096);
  __uint(pinning, LIBBPF_PIN_BY_NAME); } ecli_test_pinned SEC(".maps");`;

describe('on another system', () => {
  let folder: string;
  let child: Child;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ecli-bpf-'));
    child = new Child(LOAD_AND_ATTACH);
  });
  afterAll(() => {
    child.close();
    rmSync(folder, { recursive: true });
  });

  /** What becomes of an object there: the code, message and hint of its error, or NONE. */
  function outcome(
    content: Uint8Array,
    options: ChildOptions,
  ): { code: string; message: string; hint: string } {
    const path = join(folder, 'test.bpf.o');
    writeFileSync(path, content);
    const { stdout, stderr } = child.run({ ...options, args: [path] });
    expect(stderr).toBe('');
    return JSON.parse(stdout) as { code: string; message: string; hint: string };
  }

  kernelTest('without kernel BTF, what relocates by it is refused with the option and the way around', () => {
    const { code, hint } = outcome(compile(CORE), { before: 'mount -t tmpfs tmpfs /sys/kernel/btf' });
    expect(code).toBe('FEATURE_UNSUPPORTED');
    expect(hint).toContain('CONFIG_DEBUG_INFO_BTF');
    expect(hint).toContain('--btf FILE or BTF_FILE_PATH');
  });

  kernelTest('without kernel BTF, what needs none runs', () => {
    expect(outcome(compile(TRACEPOINT), { before: 'mount -t tmpfs tmpfs /sys/kernel/btf' }).code).toBe(
      'NONE',
    );
  });

  kernelTest('without tracefs, a tracepoint asks for the mount', () => {
    const { code, message, hint } = outcome(compile(TRACEPOINT), { before: UNMOUNT_TRACEFS });
    expect(code).toBe('ATTACH_FAILED');
    expect(message).toContain("tracefs isn't mounted");
    expect(hint).toBe('mount it: sudo mount -t tracefs tracefs /sys/kernel/tracing');
  });

  kernelTest('without libbpf, four systems are told how to install it', () => {
    const hide =
      'for lib in $(ldconfig -p | sed -n "s/.*libbpf.so.1 .*=> //p"); do mount --bind /dev/null $lib; done';
    const { code, message, hint } = outcome(compile(TRACEPOINT), { before: hide });
    expect(code).toBe('DEPENDENCY_MISSING');
    expect(message).toBe("libbpf.so.1: can't be loaded");
    for (const tool of ['apt-get', 'dnf', 'apk', 'pacman']) expect(hint).toContain(`sudo ${tool} `);
  });

  kernelTest('without ffi-rs, that is said', () => {
    const preload = `const Module = require('module'); const resolve = Module._resolveFilename;
      Module._resolveFilename = function (name, ...rest) {
        if (name === 'ffi-rs') throw new Error('Cannot find module');
        return resolve.call(this, name, ...rest);
      };`;
    const { code, hint } = outcome(compile(TRACEPOINT), { preload });
    expect(code).toBe('DEPENDENCY_MISSING');
    expect(hint).toContain('npm install ffi-rs');
  });

  kernelTest('without a free descriptor, the limit is named', () => {
    const { code, hint } = outcome(compile(TRACEPOINT), { before: 'ulimit -n 64', preload: takeAllBut(3) });
    expect(code).not.toBe('NONE');
    expect(hint).toContain('ulimit -n');
  });

  kernelTest('without tracefs, that is not blamed for a failure to load, which takes none', () => {
    const before = `ulimit -n 64 && ${UNMOUNT_TRACEFS}`;
    const { message } = outcome(compile(TRACEPOINT), { before, preload: takeAllBut(2) });
    expect(message).toContain('too many open files');
  });

  kernelTest('as root without capabilities, those that a container lacks are named', () => {
    const before = 'set -- setpriv --bounding-set=-all --inh-caps=-all "$@"';
    const { code, hint } = outcome(compile(TRACEPOINT), { before });
    expect(code).toBe('PERMISSION_DENIED');
    expect(hint).toBe(
      'root lacks cap_bpf, cap_perfmon, cap_dac_read_search here; ' +
        'a container gets them by docker run --cap-add … or --privileged',
    );
  });

  kernelTest('without bpffs, a pinned map asks for the mount', () => {
    const { code, message, hint } = outcome(compile(PINNED), { before: 'mount -t tmpfs tmpfs /sys/fs/bpf' });
    expect(code).toBe('LOAD_FAILED');
    expect(message).toContain("map ecli_test_pinned: can't be pinned: ");
    expect(hint).toContain('mount -t bpf bpf /sys/fs/bpf');
  });

  kernelTest('where another map is pinned by the name, its path is said', () => {
    const before =
      'mount -t bpf bpf /sys/fs/bpf && ' +
      'bpftool map create /sys/fs/bpf/ecli_test_pinned type array key 4 value 4 entries 1 name other';
    const { message, hint } = outcome(compile(PINNED), { before });
    expect(message).toContain("can't be pinned: couldn't reuse pinned map at '/sys/fs/bpf/ecli_test_pinned'");
    expect(hint).toContain('sudo rm /sys/fs/bpf/ecli_test_pinned');
  });

  kernelTest('with standard input closed, libbpf is heard all the same', () => {
    const bad = 'SEC("raw_tp/sched_switch") int p(void *ctx) { return *(int *)*(long *)ctx; }';
    const { message } = outcome(compile(bad), { preload: "require('fs').closeSync(0);" });
    expect(message).toContain('invalid mem access');
  });
});

/** Versions of node need different numbers of descriptors; these are what is left. */
/** Opens files until no more can be, and closes some again. */
const takeAllBut = (free: number): string => `
  const { closeSync, openSync } = require('fs');
  const taken = [];
  try {
    for (;;) taken.push(openSync('/dev/null'));
  } catch {
    taken.slice(-${free}).forEach(closeSync);
  }`;

const UNMOUNT_TRACEFS =
  'for at in $(sed -n "s/^[^ ]* \\([^ ]*\\) tracefs .*/\\1/p" /proc/mounts); do umount $at; done';

describe('process.exit', () => {
  kernelTest('does not hang on a wait that is pending', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ecli-bpf-'));
    const child = new Child(`
      const object = bpf.openObject(fs.readFileSync(process.argv[2]), { name: 'test' });
      object.load();
      const ring = bpf.openRingBuffer(object.map('events'));
      void ring.wait(60_000);
      setTimeout(() => process.exit(7), 50);`);
    try {
      const path = join(folder, 'test.bpf.o');
      writeFileSync(
        path,
        compile(
          'struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");',
        ),
      );
      expect(child.run({ args: [path], timeoutMs: 20_000 }).status).toBe(7);
    } finally {
      child.close();
      rmSync(folder, { recursive: true });
    }
  });
});

describe('libbpf while it is listened to', () => {
  kernelTest('takes nothing of what other threads write to standard output', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ecli-bpf-'));
    const child = new Child(`
      const content = fs.readFileSync(process.argv[2]);
      const write = () => new Promise((resolve) => fs.write(1, 'x', resolve));
      for (let turn = 0; turn < 100; turn++) {
        const written = Promise.all(Array.from({ length: 8 }, write));
        bpf.openObject(content, { name: 'test' }).close();
        await written;
      }`);
    try {
      const path = join(folder, 'test.bpf.o');
      writeFileSync(path, compile(TRACEPOINT));
      expect(child.run({ args: [path] }).stdout).toHaveLength(800);
    } finally {
      child.close();
      rmSync(folder, { recursive: true });
    }
  });
});

describe('elsewhere than on Linux', () => {
  test('opening an object is refused', () => {
    const child = new Child(LOAD_AND_ATTACH);
    try {
      const preload = "Object.defineProperty(process, 'platform', { value: 'darwin' });";
      const { stdout } = child.run({ args: ['/dev/null'], preload });
      expect(stdout).toContain('has no eBPF');
    } finally {
      child.close();
    }
  });
});
