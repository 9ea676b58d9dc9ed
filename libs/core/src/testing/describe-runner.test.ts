import { describe, expect, test } from '@jest/globals';
import { map } from 'rxjs';
import { descriptorOf, MediaType } from '../artifact.ts';
import type { LoadSpec, Program } from '../runner.ts';
import { describeRunner } from './describe-runner.ts';
import { type FakeProgram, FakeRunner } from './fake-runner.ts';
import { type RunnerFixture, runnerContract } from './runner-contract.ts';

function specOf(text: string, mediaType: string): LoadSpec {
  const content = Buffer.from(text);
  const artifact = { reference: 'fake:x', content, descriptor: descriptorOf(content, mediaType) };
  return { name: 'x', artifact, args: [], format: 'text' };
}

function fixtureOf(runner: FakeRunner): RunnerFixture {
  let fired = 0;
  return {
    runner,
    spec: specOf('{}', MediaType.package),
    brokenSpec: specOf('no', MediaType.package),
    foreignSpec: specOf('\0asm', MediaType.wasm),
    cause: async (count) => {
      for (let index = 0; index < count; index++) runner.fire(`event ${fired++} ☃`);
    },
    held: async () => [...runner.programs].map(() => 'a program'),
    patienceMs: 100,
    quietMs: 10,
  };
}

describeRunner('FakeRunner', async () => fixtureOf(new FakeRunner()));

/** A FakeRunner whose programs are changed by `damage`, which each case describes. */
class Broken extends FakeRunner {
  constructor(private readonly damage: (program: FakeProgram, spec: LoadSpec) => Partial<Program>) {
    super();
  }

  override async load(spec: LoadSpec): Promise<FakeProgram> {
    const program = await super.load(spec);
    return Object.assign(program, this.damage(program, spec));
  }
}

class Loose extends FakeRunner {
  override async load(spec: LoadSpec): Promise<FakeProgram> {
    return super.load({ ...spec, args: [] });
  }
}

class Leaky extends FakeRunner {
  override async load(spec: LoadSpec): Promise<FakeProgram> {
    const program = await super.load({ ...spec, artifact: specOf('{}', MediaType.package).artifact });
    if (spec.artifact.content[0] !== 0x7b) return super.load(spec);
    return program;
  }
}

class Impatient extends FakeRunner {
  override load(spec: LoadSpec): Promise<FakeProgram> {
    const { backpressure: _ignored, ...rest } = spec;
    return super.load(rest);
  }
}

class Endless extends FakeRunner {
  override load(spec: LoadSpec): Promise<FakeProgram> {
    const { maxEvents: _ignored, ...rest } = spec;
    return super.load(rest);
  }
}

class TextOnly extends FakeRunner {
  override load(spec: LoadSpec): Promise<FakeProgram> {
    return super.load({ ...spec, format: 'text' });
  }
}

const shared = Buffer.alloc(4096);

describe('the contract of a runner finds', () => {
  test.each<[string, FakeRunner, string]>([
    ['arguments that are not looked at', new Loose(), 'refuses an unknown argument'],
    ['a program kept after a refusal', new Leaky(), 'refuses broken content'],
    ['a reader that is not waited for', new Impatient(), 'waits for a reader'],
    ['a limit that is not kept', new Endless(), 'completes its logs by itself after exactly'],
    ['text in place of JSON', new TextOnly(), 'writes one JSON object a line'],
    [
      'a pause that does nothing',
      new Broken(() => ({ pause: async () => undefined })),
      'shows nothing while paused',
    ],
    [
      'a resume that does nothing',
      new Broken(() => ({ resume: async () => undefined })),
      'shows nothing while paused',
    ],
    [
      'events before attach',
      new Broken((program) => {
        program.attached = true;
        return {};
      }),
      'shows nothing before attach',
    ],
    [
      'a detach that leaves the program',
      new Broken(() => ({ detach: async () => ({ code: 0 }) })),
      'has completed its logs, exits with 0 and holds nothing',
    ],
    [
      'a wrong count of lines',
      new Broken((program) => ({
        logs: program.logs.pipe(map((chunk) => ({ ...chunk, lines: chunk.lines + 1 }))),
      })),
      'shows every event caused, in chunks',
    ],
    [
      'a line that is cut',
      new Broken((program) => ({
        logs: program.logs.pipe(map((chunk) => ({ ...chunk, bytes: chunk.bytes.subarray(0, -1) }))),
      })),
      'shows every event caused, in chunks',
    ],
    [
      'a chunk whose bytes are used again',
      new Broken((program) => ({
        logs: program.logs.pipe(
          map((chunk) => {
            shared.fill(0x20).set(chunk.bytes);
            return { ...chunk, bytes: shared.subarray(0, chunk.bytes.length) };
          }),
        ),
      })),
      'leaves a chunk to whoever got it',
    ],
  ])('%s', async (_what, runner, sentence) => {
    const rule = runnerContract.find(({ name }) => name.startsWith(sentence));
    await expect(rule?.check(fixtureOf(runner))).rejects.toThrow();
  });
});
