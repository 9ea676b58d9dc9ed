import { describe, expect, test } from '@jest/globals';
import { EcliError, MediaType, type LoadSpec } from '@ecli/core';
import { FakeRunner, FakeSource, type FakeProgram } from '@ecli/core/testing';
import { runProgram, type RunSurroundings } from './program-run.ts';
import type { RunRequest } from './run-request.ts';
import { PlainDisplay } from './terminal/display.ts';
import { InterruptedError } from './terminal/interruption.ts';
import { Logger } from './terminal/logger.ts';

/** A reader in memory: `go` lets it take more, `close` makes it go away. */
class FakeReader {
  readonly chunks: string[] = [];
  waiting: Promise<void> | undefined;
  private leave: () => void = () => undefined;
  readonly end = new Promise<void>((resolve) => {
    this.leave = resolve;
  });

  write(bytes: Uint8Array): void {
    this.chunks.push(Buffer.from(bytes).toString());
  }

  wait(): Promise<void> | undefined {
    return this.waiting;
  }

  close(): void {
    this.leave();
  }

  get text(): string {
    return this.chunks.join('');
  }
}

/** FakeRunner that tells when its program is attached. */
class WatchedRunner extends FakeRunner {
  private announce: (program: FakeProgram) => void = () => undefined;
  readonly attached = new Promise<FakeProgram>((resolve) => {
    this.announce = resolve;
  });

  override async load(spec: LoadSpec): Promise<FakeProgram> {
    const program = await super.load(spec);
    const attach = program.attach.bind(program);
    program.attach = async () => {
      await attach();
      this.announce(program);
    };
    return program;
  }
}

class UnattachableRunner extends FakeRunner {
  override async load(spec: LoadSpec): Promise<FakeProgram> {
    const attach = (): Promise<void> =>
      Promise.reject(new EcliError('ATTACH_FAILED', 'x: no such tracepoint'));
    return Object.assign(await super.load(spec), { attach });
  }
}

function stage(): RunSurroundings & {
  runner: WatchedRunner;
  stdout: FakeReader;
  stderr: FakeReader;
  controller: AbortController;
  logged: string[];
} {
  const controller = new AbortController();
  const logged: string[] = [];
  const stdout = new FakeReader();
  const stderr = new FakeReader();
  return {
    source: new FakeSource(
      new Map([
        ['fake:x', Buffer.from('{}')],
        ['fake:text', Buffer.from('text')],
      ]),
    ),
    runner: new WatchedRunner(),
    openDisplay: async () => new PlainDisplay(stdout, stderr),
    stdout,
    stderr,
    logger: new Logger((text) => logged.push(text)),
    stop: controller.signal,
    controller,
    logged,
  };
}

const request: RunRequest = { reference: 'fake:x', args: [] };

describe('runProgram', () => {
  test('shows events until it is stopped, those still buffered included', async () => {
    const around = stage();
    const running = runProgram(request, around);
    await around.runner.attached;
    around.runner.fire('one');
    around.runner.fire('two');
    around.controller.abort(new InterruptedError('SIGINT'));
    expect(await running).toEqual({ code: 0 });
    expect(around.stdout.text).toBe('one\ntwo\n');
    expect(around.runner.programs.size).toBe(0);
  });

  test('ends with the program, and with its exit code', async () => {
    const around = stage();
    const running = runProgram(request, around);
    (await around.runner.attached).end(7);
    expect(await running).toEqual({ code: 7 });
  });

  test('ends after maxEvents', async () => {
    const around = stage();
    const running = runProgram({ ...request, maxEvents: 2 }, around);
    await around.runner.attached;
    for (const line of ['a', 'b', 'c']) around.runner.fire(line);
    expect(await running).toEqual({ code: 0 });
    expect(around.stdout.text).toBe('a\nb\n');
  });

  test('ends after its timeout, counted from attach', async () => {
    const around = stage();
    expect(await runProgram({ ...request, timeoutMs: 5 }, around)).toEqual({ code: 0 });
    expect(around.runner.programs.size).toBe(0);
  });

  test('ends when nobody reads any more', async () => {
    const around = stage();
    const running = runProgram(request, around);
    await around.runner.attached;
    around.stdout.close();
    expect(await running).toEqual({ code: 0 });
  });

  test('leaves events where they are while the reader takes no more', async () => {
    const around = stage();
    const running = runProgram(request, around);
    await around.runner.attached;
    let go = (): void => undefined;
    around.stdout.waiting = new Promise((resolve) => {
      go = resolve;
    });
    around.runner.fire('late');
    await new Promise((resolve) => setImmediate(resolve));
    expect(around.stdout.text).toBe('');
    around.stdout.waiting = undefined;
    go();
    around.controller.abort();
    await running;
    expect(around.stdout.text).toBe('late\n');
  });

  test('tells what the program failed with, and leaves nothing', async () => {
    const around = stage();
    const running = runProgram(request, around);
    (await around.runner.attached).fail(new EcliError('OUTPUT_FAILED', 'x: broke down'));
    await expect(running).rejects.toThrow('x: broke down');
    expect(around.runner.programs.size).toBe(0);
  });

  test('tells what attach failed with, and leaves nothing', async () => {
    const around = stage();
    const runner = new UnattachableRunner();
    await expect(runProgram(request, { ...around, runner })).rejects.toThrow('x: no such tracepoint');
    expect(runner.programs.size).toBe(0);
  });

  test('loads nothing once it is stopped', async () => {
    const around = stage();
    const reason = new InterruptedError('SIGTERM');
    around.controller.abort(reason);
    await expect(runProgram(request, around)).rejects.toBe(reason);
    expect(around.runner.lastSpec).toBeUndefined();
  });

  test('hands on what was asked for', async () => {
    const around = stage();
    const asked = {
      args: ['--known'],
      format: 'json',
      exportType: 'event',
      btfPath: '/btf',
      maxEvents: 3,
    } as const;
    await runProgram({ ...request, ...asked, timeoutMs: 1 }, around);
    expect(around.runner.lastSpec).toMatchObject({ ...asked, name: 'fake:x' });
    expect(around.runner.lastSpec?.diagnose).toBeUndefined();
  });

  test('believes what the user says it is', async () => {
    const around = stage();
    const asked = { ...request, reference: 'fake:text', mediaType: MediaType.package, timeoutMs: 1 };
    await expect(runProgram(asked, around)).rejects.toMatchObject({ code: 'PACKAGE_INVALID' });
    expect(around.runner.lastSpec?.artifact.descriptor.mediaType).toBe(MediaType.package);
  });

  test('says what runs where nothing runs such a thing', async () => {
    await expect(runProgram({ ...request, mediaType: MediaType.wasm }, stage())).rejects.toMatchObject({
      code: 'MEDIA_TYPE_UNSUPPORTED',
      message: 'fake:x: a Wasm module, and no runner for those is here',
      hint: expect.stringContaining('JSON packages'),
    });
  });

  test('says how to name what it does not recognise', async () => {
    await expect(runProgram({ ...request, reference: 'fake:text' }, stage())).rejects.toMatchObject({
      message: 'fake:text: not recognised as a program',
      hint: expect.stringContaining('-p says what it is'),
    });
  });
});
