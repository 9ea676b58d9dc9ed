import { beforeAll, describe, expect, test } from '@jest/globals';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, cpSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CliOptions,
  type RunningCli,
  cliCommand,
  eventually,
  kernelObjectsOf,
  repository,
  runCli,
  startCli,
  temporaryFolder,
  untilGone,
} from './harness/index.ts';

/** As many events as the program's ring buffer holds with room to spare. */
const MANY = 5000;

/** `HH:MM:SS` and two spaces. */
const TIME_WIDTH = 10;

const HEADER = 'TIME     PID    UID    RET    FLAGS  COMM   FILENAME ';

/**
 * The story: a person has opens.bpf.c, builds it, and runs it in every way there is. Only this test's own
 * calls of openat(2) are looked at, by a path that nobody else opens.
 */
describe('ecli run', () => {
  const folder = temporaryFolder();
  const source = join(folder, 'opens.bpf.c');
  const object = join(folder, 'dist/opens.bpf.o');
  const packageFile = join(folder, 'dist/package.json');
  const ownPid = ['--pid', String(process.pid)];
  const path = (name: string) => join(folder, 'opened', name);

  beforeAll(async () => {
    if (whyNoKernel()) return;
    cpSync(join(repository, 'examples/opens'), folder, { recursive: true });
    const build = await runCli(['build', 'opens.bpf.c', 'opens.h', '-o', 'dist'], { cwd: folder });
    expect(build).toMatchObject({ code: 0, stderr: '' });
  }, 60_000);

  /** Starts it and waits until it shows what is opened; `close` ends a run that a test did not. */
  async function attached(args: readonly string[], options: CliOptions = {}): Promise<RunningCli> {
    const cli = startCli(args, options);
    await cli.untilLine(/opened\/ready/, () => open(path('ready')));
    return cli;
  }

  /** Opens `count` paths in order. */
  function openMany(count: number): void {
    for (let index = 0; index < count; index++) open(path(`wanted-${index}`));
  }

  const numbersOf = (lines: readonly string[]) =>
    lines.flatMap((line) => /opened\/wanted-(\d+)/.exec(line)?.slice(1).map(Number) ?? []);
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

  describe('takes a program in every form', () => {
    const forms: readonly [string, () => string[], CliOptions?][] = [
      ['a package', () => ['run', packageFile, ...ownPid]],
      ['a folder that holds a package', () => ['run', join(folder, 'dist'), ...ownPid]],
      ['a source', () => ['run', source, ...ownPid]],
      // What a doc comment says of a variable is in the package only.
      ['an object', () => ['run', object, '--target_pid', String(process.pid)]],
      ['a package, in the short form', () => [packageFile, ...ownPid]],
    ];
    for (const [name, args] of forms) {
      kernelTest(name, async () => {
        const cli = await attached(args());
        openMany(3);
        cli.signal('SIGINT');
        const { code, stderr, stdout } = await cli.result;
        expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
        expect(stdout.split('\n')[0]).toBe(HEADER);
        expect(numbersOf(stdout.split('\n'))).toEqual(upTo(3));
      });
    }

    for (const type of [[], ['-p', 'json'], ['--program-type', 'json']]) {
      kernelTest(`a package on standard input ${type.join(' ')}`, async () => {
        const cli = await attached(['run', ...type, '-', ...ownPid], { input: readFileSync(packageFile) });
        cli.signal('SIGINT');
        expect(await cli.result).toMatchObject({ code: 130, stderr: '' });
      });
    }

    kernelTest('an object on standard input', async () => {
      const cli = await attached(['run', '-p', 'object', '-', '--target_pid', String(process.pid)], {
        input: readFileSync(object),
      });
      cli.signal('SIGINT');
      expect(await cli.result).toMatchObject({ code: 130, stderr: '' });
    });
  });

  kernelTest('a row has its members under their names', async () => {
    const cli = await attached(['run', packageFile, ...ownPid]);
    cli.signal('SIGINT');
    const row = (await cli.result).stdout.split('\n').find((line) => line.includes('/ready'));
    const uid = String(process.getuid?.() ?? 0);
    expect(row).toMatch(
      new RegExp(`^\\d\\d:\\d\\d:\\d\\d  ${process.pid} +${uid} +-2 +\\d+ .* ${path('ready')}$`),
    );
  });

  kernelTest('nothing that ecli itself opens is among the rows', async () => {
    const cli = await attached(['run', packageFile]);
    cli.signal('SIGINT');
    const rows = (await cli.result).stdout.split('\n');
    expect(rows.filter((row) => row.startsWith(`${cli.pid} `, TIME_WIDTH))).toEqual([]);
  });

  kernelTest('-j gives one JSON object a line', async () => {
    const cli = await attached(['run', '-j', packageFile, ...ownPid]);
    cli.signal('SIGINT');
    const { stdout } = await cli.result;
    const events = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.find(({ filename }) => filename === path('ready'))).toEqual({
      pid: process.pid,
      uid: process.getuid?.(),
      ret: -2,
      flags: expect.any(Number),
      comm: expect.any(String),
      filename: path('ready'),
    });
  });

  describe('ends', () => {
    const signals: readonly [NodeJS.Signals, number][] = [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ];
    for (const [signal, expected] of signals) {
      kernelTest(`on ${signal} with ${expected}, after all that was in the buffer`, async () => {
        const cli = await attached(['run', packageFile, ...ownPid]);
        const objects = kernelObjectsOf(cli.pid);
        expect(objects.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['link', 'map', 'prog']));
        cli.signal('SIGSTOP');
        openMany(MANY);
        cli.signal(signal);
        cli.signal('SIGCONT');
        const { code, stdout, stderr } = await cli.result;
        expect({ code, stderr }).toEqual({ code: expected, stderr: '' });
        expect(numbersOf(stdout.split('\n'))).toEqual(upTo(MANY));
        await untilGone(objects);
      });
    }

    kernelTest('at once on a second Ctrl-C while nobody reads', async () => {
      const cli = await attached(['run', packageFile, ...ownPid]);
      cli.pause();
      openMany(MANY);
      cli.signal('SIGINT');
      await eventually('the end', () => {
        cli.signal('SIGINT');
        return cli.hasEnded();
      });
      cli.resume();
      // A shell calls both 130.
      const { code, signal } = await cli.result;
      expect(code ?? signal).toBe(code === null ? 'SIGINT' : 130);
    });

    kernelTest('after --max-events, with exactly so many', async () => {
      const cli = startCli(['run', '-j', '--max-events', '7', packageFile, ...ownPid]);
      await eventually('the end', () => {
        open(path('ready'));
        return cli.hasEnded();
      });
      const { code, stdout, stderr } = await cli.result;
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.trimEnd().split('\n')).toHaveLength(7);
    });

    kernelTest('after --timeout seconds', async () => {
      const start = Date.now();
      const { code, stderr } = await runCli(['run', '--timeout', '1', packageFile, ...ownPid]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(Date.now() - start).toBeGreaterThanOrEqual(1000);
    });

    kernelTest('quietly when the reader has had enough', async () => {
      const command = [...cliCommand(), 'run', packageFile, ...ownPid].map((word) => `'${word}'`).join(' ');
      const shell = spawn('sh', ['-c', `{ ${command}; echo "code $?" >&2; } | head -3`]);
      const output = { stdout: '', stderr: '' };
      shell.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
      shell.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
      const closed = once(shell, 'close').then(() => true);
      let ended = false;
      void closed.then(() => (ended = true));
      await eventually('the end', () => {
        open(path('ready'));
        return ended;
      });
      expect(output.stdout.split('\n')).toHaveLength(4);
      expect(output.stdout).toMatch(/^TIME /);
      expect(output.stderr).toMatch(/^code \d+\n$/);
    });
  });

  describe('loses no line', () => {
    kernelTest('to a file', async () => {
      const file = join(folder, 'output');
      const descriptor = openSync(file, 'w');
      const cli = startCli(['run', packageFile, ...ownPid], { stdout: descriptor });
      closeSync(descriptor);
      const text = () => readFileSync(file, 'utf8');
      await eventually('it is attached', () => {
        open(path('ready'));
        return text().includes('opened/ready');
      });
      openMany(MANY);
      cli.signal('SIGINT');
      expect(await cli.result).toMatchObject({ code: 130, stderr: '' });
      expect(numbersOf(text().split('\n'))).toEqual(upTo(MANY));
    });

    kernelTest('to a reader that is slow', async () => {
      const cli = await attached(['run', packageFile, ...ownPid]);
      cli.pause();
      openMany(MANY);
      cli.signal('SIGINT');
      cli.resume();
      const { code, stdout } = await cli.result;
      expect(code).toBe(130);
      expect(numbersOf(stdout.split('\n'))).toEqual(upTo(MANY));
    });
  });

  kernelTest("a program's --help is about the program", async () => {
    const { code, stdout, stderr } = await runCli(['run', packageFile, '--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('Shows which process opens which file');
    expect(stdout).toMatch(/-p, --pid.*\n?.*only the process with this id/);
    expect(stdout).toMatch(/-f, --failed.*\n?.*only calls that failed/);
  });

  kernelTest('a variable of the compiler is no argument', async () => {
    const { code, stdout } = await runCli([
      'run',
      join(repository, 'examples/tcpstates/tcpstates.bpf.c'),
      '--help',
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain('--port');
    expect(stdout).not.toContain('fmt');
  });

  kernelTest('a second run of a source uses what the first compiled', async () => {
    const log = join(folder, 'compilations');
    const tools = join(folder, 'tools');
    mkdirSync(tools);
    const clang = execFileSync('sh', ['-c', 'command -v clang'], { encoding: 'utf8' }).trim();
    const counting = `#!/bin/sh\ncase " $* " in *" -c "*) echo once >> '${log}';; esac\nexec '${clang}' "$@"\n`;
    writeFileSync(join(tools, 'clang'), counting, { mode: 0o755 });
    const env = { XDG_CACHE_HOME: join(folder, 'cache'), PATH: `${tools}:${process.env['PATH']}` };
    for (let count = 0; count < 2; count++) {
      expect(await runCli(['run', source, '--help'], { env })).toMatchObject({ code: 0, stderr: '' });
      expect(readFileSync(log, 'utf8')).toBe('once\n');
    }
  });

  test("ecli run's own --help names what it takes", async () => {
    const { code, stdout } = await runCli(['run', '--help']);
    expect(code).toBe(0);
    for (const option of ['--json', '--program-type', '--timeout', '--max-events', '--verbose']) {
      expect(stdout).toContain(option);
    }
  });

  for (const binary of ['ecli', 'ecc']) {
    test(`node_modules/.bin/${binary} works from any folder`, () => {
      cliCommand();
      const path = join(repository, 'node_modules/.bin', binary);
      const version = execFileSync(path, ['--version'], { cwd: folder, encoding: 'utf8' });
      expect(version).toMatch(new RegExp(`^${binary} \\d`));
    });
  }

  test('--version is a version', async () => {
    expect(await runCli(['--version'])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^ecli \d+\.\d+\.\d+\n$/),
    });
  });
});

/** openat(2) of a path that isn't there. */
function open(path: string): void {
  try {
    closeSync(openSync(path, 'r'));
  } catch {
    // It is meant to fail.
  }
}
