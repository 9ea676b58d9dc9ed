import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { BIN, buildCommandLine, cleanEnv, ECC_BIN, outcome, run, start } from './command-line.ts';

let folder: string;

beforeAll(() => {
  buildCommandLine();
  folder = mkdtempSync(join(tmpdir(), 'ecli-command-line-'));
  writeFileSync(join(folder, 'package.json'), '{}');
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('ecli', () => {
  test('takes -v before a command, and version as a word', async () => {
    expect((await run(['-v', 'build', '--help'])).stdout).toContain('Usage: ecli build');
    expect((await run(['version'])).stdout).toBe((await run(['--version'])).stdout);
  });

  test.each([['--help'], ['-h'], ['help'], []])(
    '%s lists the commands on standard output',
    async (...args) => {
      const { code, stdout, stderr } = await run(args);
      expect(stdout).toContain('ecli run [flags] REF');
      expect(stdout).toContain('compile a .bpf.c into a package');
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    },
  );

  test.each([
    ['run', '--help'],
    ['run', '-j', '--help', 'x'],
    ['help', 'run'],
  ])('%s %s is about run', async (...args) => {
    expect(await run(args)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Usage: ecli run [flags] REF [arguments of the program]'),
    });
  });

  test.each([
    ['ls', 'list'],
    ['remove', 'rm'],
    ['cp', 'copy'],
  ])('image %s is image %s', async (alias, name) => {
    expect(await run(['image', alias, '--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`Usage: ecli image ${name} [flags]`),
    });
  });

  test.each([['--version'], ['-V']])('%s is the version', async (...args) => {
    expect(await run(args)).toEqual({ code: 0, signal: null, stdout: 'ecli 0.1.0\n', stderr: '' });
  });

  test.each<[string, string[], string]>([
    [
      'a mistyped command',
      ['biuld'],
      'error: biuld: neither a command nor a file here\nhint: did you mean ecli build?\n',
    ],
    [
      'an unknown word',
      ['frobnicate'],
      'error: frobnicate: neither a command nor a file here\nhint: commands: run, inspect, build, pull, push, login, logout, image\n',
    ],
    [
      'a mistyped topic of help',
      ['help', 'runn'],
      'error: runn: neither a command nor a file here\nhint: did you mean ecli run?\n',
    ],
    ['a mistyped flag', ['run', '--jsno', 'x'], 'error: --jsno: unknown flag\nhint: did you mean --json?\n'],
    [
      'a mistyped flag without run',
      ['--jsno', 'x'],
      'error: --jsno: unknown flag\nhint: did you mean --json?\n',
    ],
    [
      'no program',
      ['run'],
      'error: ecli run: REF [arguments of the program] must follow\nhint: see ecli run --help\n',
    ],
    [
      'an unknown type',
      ['run', '-p', 'jsn', 'x'],
      'error: --program-type jsn: no such type\nhint: did you mean json?\n',
    ],
    [
      'a type of every object',
      ['run', '-p', 'constructor', 'x'],
      'error: --program-type constructor: no such type\nhint: types: json, object, c, tar, wasm\n',
    ],
    ['a path that is empty', ['run', '--btf', '', 'x'], 'error: --btf: its value is empty\n'],
    [
      'a file to push without a place for it',
      ['push', '/etc/hostname'],
      'error: /etc/hostname: a file that is here, where REF must stand\nhint: say where it goes: ecli push /etc/hostname HOST/NAME:TAG\n',
    ],
    [
      'a file after the place for it',
      ['push', 'localhost:1/opens:v1', '/etc/hostname'],
      'error: /etc/hostname: a file that is here, where REF must stand\nhint: the file comes first: ecli push /etc/hostname localhost:1/opens:v1\n',
    ],
    [
      'the URL of a file to pull',
      ['pull', 'https://me:secret@localhost:1/a/package.json'],
      'error: https://localhost:1/a/package.json: the URL of a file, and no image in a registry\nhint: ecli run https://localhost:1/a/package.json runs it; curl -O saves it\n',
    ],
    [
      'a program and words about it in one place',
      ['pull', '-j', '-o', '-', 'localhost:1/opens:v1'],
      'error: --json: standard output is where the program goes\nhint: save it as a file: -o FILE\n',
    ],
    ['too many sources', ['build', 'a', 'b', 'c'], 'error: c: one too many\nhint: see ecli build --help\n'],
  ])('refuses %s with exit code 2', async (_what, args, stderr) => {
    expect(await run(args, { cwd: folder })).toEqual({ code: 2, signal: null, stdout: '', stderr });
  });

  test.each(['0', '-1', 'x', '1e3', '', 'Infinity', '2147484', '0x10'])(
    'refuses a timeout of %j with exit code 2',
    async (text) => {
      const { code, stderr } = await run(['run', '--timeout', text, 'x']);
      expect(stderr).toMatch(/^error: --timeout .*: not a number of seconds/);
      expect(code).toBe(2);
    },
  );

  test.each(['0', '-1', '1.5', 'x', '', '99999999999999999999'])(
    'refuses %j as a number of events with exit code 2',
    async (text) => {
      const { code, stderr } = await run(['run', '--max-events', text, 'x']);
      expect(stderr).toMatch(/^error: --max-events .*: not a number of events/);
      expect(code).toBe(2);
    },
  );

  test('refuses a level of diagnostics that is none', async () => {
    expect(await run(['--help'], { env: { ECLI_LOG: 'loud' } })).toMatchObject({
      code: 2,
      stderr: 'error: ECLI_LOG=loud: not a level of diagnostics\nhint: levels: error, warn, info, debug\n',
    });
  });

  test.each([[['run', 'pacakge.json']], [['pacakge.json']], [['./pacakge.json', '--pid', '3']]])(
    'asks whether package.json was meant by %j',
    async (args) => {
      expect(await run(args, { cwd: folder })).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/no such file or folder\nhint: did you mean (\.\/)?package\.json\?\n$/),
      });
    },
  );

  test.each([[['run', 'opens']], [['opens']], [['opens', '--pid', '3']]])(
    'asks whether opens.bpf.c was meant by %j',
    async (args) => {
      writeFileSync(join(folder, 'opens.bpf.c'), '//');
      expect(await run(args, { cwd: folder })).toMatchObject({
        code: 1,
        stderr: 'error: opens: no such file or folder\nhint: did you mean opens.bpf.c?\n',
      });
    },
  );

  test.each([
    ['ftp://example.com/package.json', 'ftp://example.com/package.json'],
    ['ftp://me:secret@example.com/package.json', 'ftp://example.com/package.json'],
    ['sigsnoop:latest', 'sigsnoop:latest'],
  ])('says what it takes where it is given %s', async (reference, shown) => {
    const { code, stderr } = await run(['run', reference], { cwd: folder });
    const [error, hint] = stderr.split('\n');
    expect({ code, error }).toEqual({ code: 1, error: `error: ${shown}: no source takes this reference` });
    expect(hint).toMatch(/^hint: this ecli takes a file, .*, an image in a registry/);
  });

  test('spells out control characters of names and arguments', async () => {
    const hostile = '\x1b]0;title\x07\x9b2J\u202e';
    for (const args of [
      [`./${hostile}`],
      [`--${hostile}`],
      ['run', '-p', hostile, 'x'],
      ['build', hostile],
    ]) {
      const { stderr, code } = await run(args, { cwd: folder });
      expect(code).toBeGreaterThan(0);
      expect(stderr).toContain('\\x1b]0;title\\x07');
      expect(stderr).not.toMatch(/[^\n\P{Cc}]|\u202e/u);
    }
  });

  test('shows diagnostics to those who ask, on standard error', async () => {
    const asked = await run(['run', '-v', 'package.json'], { cwd: folder });
    const loud = await run(['run', 'package.json'], { cwd: folder, env: { ECLI_LOG: 'info' } });
    for (const { stderr } of [asked, loud])
      expect(stderr).toMatch(/^info: package\.json: .*sha256:[0-9a-f]{64}\n/);
    expect((await run(['run', 'package.json'], { cwd: folder })).stderr).toMatch(/^error: /);
  });
});

describe('ecli build', () => {
  test.each([
    ['a folder', (name: string) => mkdirSync(name), 'a folder; a source or a header is needed'],
    ['a FIFO', (name: string) => spawnSync('mkfifo', [name]), 'not a file; a source or a header is needed'],
    ['nothing', () => undefined, 'no such file'],
  ])('says that %s is no source', async (what, make, problem) => {
    const path = join(folder, `${what.replace(' ', '-')}.bpf.c`);
    make(path);
    expect(await run(['build', path])).toMatchObject({ code: 1, stderr: `error: ${path}: ${problem}\n` });
  });

  test('ends its compiler when it is told to end', async () => {
    const clang = join(folder, 'clang');
    writeFileSync(clang, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    writeFileSync(join(folder, 'slow.bpf.c'), 'int x;');
    const child = start(['build', '-c', clang, 'slow.bpf.c'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ECLI_LOG: 'debug' },
    });
    for await (const text of child.stderr?.setEncoding('utf8').iterator({ destroyOnReturn: false }) ?? []) {
      if (String(text).includes(clang)) break;
    }
    child.kill('SIGTERM');
    expect((await outcome(child)).code).toBe(143);
  });
});

describe('ecc', () => {
  test('is ecli build', async () => {
    expect(await run(['--help'], { bin: ECC_BIN })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Usage: ecc [flags] SOURCE.bpf.c [HEADER.h]'),
    });
  });

  test('knows its name through a link, as npm makes one', async () => {
    const link = join(folder, 'ecc');
    symlinkSync(ECC_BIN, link);
    expect(await run(['--version'], { bin: link })).toMatchObject({ stdout: 'ecc 0.1.0\n' });
  });
});

test('a command that is not built yet says how to build it', () => {
  const bin = join(folder, 'not-built', 'bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync(BIN, join(bin, 'ecli.cjs'));
  const { status, stderr } = spawnSync(process.execPath, [join(bin, 'ecli.cjs'), '--version'], {
    env: cleanEnv(),
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: 'error: ecli: not built yet\nhint: npm run build\n',
  });
});

describe('output', () => {
  test.each(['--help', '--version'])('of %s to a full disk is a failure that says so', async (flag) => {
    const full = openSync('/dev/full', 'w');
    try {
      expect(await run([flag], { stdio: ['ignore', full, 'pipe'] })).toMatchObject({
        code: 1,
        stderr: 'error: standard output: no space left on the device\n',
      });
    } finally {
      closeSync(full);
    }
  });

  test.each(['--help', '--version'])('of %s to a reader that has gone ends quietly', async (flag) => {
    const child = start([flag]);
    child.stdout?.destroy();
    expect(await outcome(child)).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('a signal while a program is awaited on standard input', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGUSR1', 138],
  ] as const)('%s exits with %i, and nothing more', async (signal, code) => {
    const child = start(['run', '-v', '-'], { stdio: ['pipe', 'pipe', 'pipe'], env: whenReading });
    await reading(child);
    child.kill(signal);
    expect(await outcome(child)).toEqual({ code, signal: null, stdout: '', stderr: '' });
  });

  test('SIGHUP is nothing to nohup, whose setting node undoes', async () => {
    const child = start(['run', '-v', '-'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...whenReading, _: '/usr/bin/nohup' },
    });
    await reading(child);
    child.kill('SIGHUP');
    child.stdin?.end('no program');
    expect(await outcome(child)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('standard input: '),
    });
  });

  test('an exception that nobody expected is owned up to, with exit code 1', async () => {
    const child = start(['run', '-'], {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { NODE_OPTIONS: preload("setTimeout(() => { throw new TypeError('x is undefined') }, 200)") },
    });
    expect(await outcome(child)).toMatchObject({
      code: 1,
      stderr:
        'error: x is undefined\nthis is a bug in ecli, not in your program; please report it with the stack\n' +
        'hint: ECLI_LOG=debug shows the stack\n',
    });
  });

  /** Tells on standard error when standard input is being read. */
  const whenReading = {
    NODE_OPTIONS: preload(
      "const wait = setInterval(() => { if (process.listenerCount('SIGINT') > 0) { clearInterval(wait); console.error('ready'); } }, 5)",
    ),
  };

  async function reading(child: ReturnType<typeof start>): Promise<void> {
    if (child.stderr) await once(child.stderr, 'data');
  }

  function preload(code: string): string {
    return `--import=data:text/javascript,${encodeURIComponent(code)}`;
  }
});
