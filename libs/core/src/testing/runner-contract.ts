import { expect } from '@jest/globals';
import { ArgumentError, EcliError } from '../errors.ts';
import type { Backpressure, Exit, LoadSpec, Program, Runner } from '../runner.ts';
import { quiet, settled, type ContractRule } from './contract.ts';
import { recordLogs, type LogRecord } from './log-record.ts';

/** A runner, a program for it that shows events until it is detached, and a way to cause such events. */
export interface RunnerFixture {
  readonly runner: Runner;
  /** The program; rules add `format`, `args`, `maxEvents` and `backpressure`. */
  readonly spec: LoadSpec;
  /** The same kind of artifact with content that is broken. */
  readonly brokenSpec: LoadSpec;
  /** What is for another runner. */
  readonly foreignSpec: LoadSpec;
  /** Causes at least `count` events that the attached program shows; more may come from elsewhere. */
  cause(count: number): Promise<void>;
  /** What programs of this runner hold in the kernel or elsewhere at this moment, in words. */
  held(): Promise<readonly string[]>;
  /** How long an event, a completion or a failure may take; 5 s by default. */
  readonly patienceMs?: number;
  /** How long nothing must come for "nothing comes" to hold; 150 ms by default. */
  readonly quietMs?: number;
  /** Frees what the fixture made. */
  close?(): Promise<void>;
}

/** What every runner promises, whatever it runs and wherever. */
export const runnerContract: readonly ContractRule<RunnerFixture>[] = [
  {
    name: 'has a name',
    async check({ runner }) {
      expect(runner.name).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(runner.takes).not.toBe('');
    },
  },
  {
    name: 'supports its kind of artifact, also a broken one, and no other',
    async check({ runner, spec, brokenSpec, foreignSpec }) {
      expect(runner.supports(spec)).toBe(true);
      expect(runner.supports(brokenSpec)).toBe(true);
      expect(runner.supports(foreignSpec)).toBe(false);
    },
  },
  {
    name: 'refuses broken content with an EcliError and holds nothing',
    async check({ runner, brokenSpec, held }) {
      const before = await held();
      const error = await failure(runner.load(brokenSpec));
      expect(error).toBeInstanceOf(EcliError);
      expect(await held()).toEqual(before);
    },
  },
  {
    name: 'refuses an unknown argument, listing those that exist, and holds nothing',
    async check({ runner, spec, held }) {
      const before = await held();
      const error = await failure(runner.load({ ...spec, args: ['--no-such-argument'] }));
      expect(error).toBeInstanceOf(ArgumentError);
      expect((error as Error).message).toContain('--no-such-argument');
      expect(await held()).toEqual(before);
    },
  },
  {
    name: 'shows nothing before attach',
    async check(fixture) {
      await withProgram(fixture, {}, async (program, record) => {
        await fixture.cause(3);
        await quiet(fixture.quietMs ?? 150);
        expect(record.chunks).toEqual([]);
        await program.detach();
      });
    },
  },
  {
    name: 'shows every event caused, in chunks of whole UTF-8 lines whose count and time are true',
    async check(fixture) {
      await withProgram(fixture, { format: 'json' }, async (program, record) => {
        const startedUs = Date.now() * 1000;
        await program.attach();
        await fixture.cause(20);
        await program.detach();
        expect(record.lines().length).toBeGreaterThanOrEqual(20);
        record.expectWellFormed(startedUs);
      });
    },
  },
  {
    name: 'writes one JSON object a line when asked for JSON',
    async check(fixture) {
      await withProgram(fixture, { format: 'json' }, async (program, record) => {
        await program.attach();
        await fixture.cause(3);
        await program.detach();
        for (const line of record.lines()) expect(typeof JSON.parse(line)).toBe('object');
      });
    },
  },
  {
    name: 'shows an event while the program runs, not only at its end',
    async check(fixture) {
      await withProgram(fixture, { format: 'json' }, async (program, record) => {
        await program.attach();
        await fixture.cause(1);
        await settled(record.linesReach(1), patience(fixture), 'the first event');
        await program.detach();
      });
    },
  },
  {
    name: 'leaves a chunk to whoever got it',
    async check(fixture) {
      await withProgram(fixture, { format: 'json' }, async (program, record) => {
        await program.attach();
        await fixture.cause(1);
        await settled(record.linesReach(1), patience(fixture), 'the first event');
        await fixture.cause(50);
        await program.detach();
        record.expectUnchanged();
      });
    },
  },
  {
    name: 'has completed its logs, exits with 0 and holds nothing when detach resolves',
    async check(fixture) {
      const before = await fixture.held();
      await withProgram(fixture, {}, async (program, record) => {
        await program.attach();
        const exit = await settled(program.detach(), patience(fixture), 'detach');
        expect(exit.code).toBe(0);
        expect(record.completed).toBe(true);
        expect(await fixture.held()).toEqual(before);
      });
    },
  },
  {
    name: 'detaches once, however often it is asked',
    async check(fixture) {
      await withProgram(fixture, {}, async (program) => {
        await program.attach();
        const exits: Exit[] = await Promise.all([program.detach(), program.detach()]);
        exits.push(await program.detach());
        expect(new Set(exits.map(({ code }) => code)).size).toBe(1);
      });
    },
  },
  {
    name: 'detaches a program that was never attached, and then holds nothing',
    async check(fixture) {
      const before = await fixture.held();
      await withProgram(fixture, {}, async (program, record) => {
        await settled(program.detach(), patience(fixture), 'detach');
        expect(record.completed).toBe(true);
        expect(await fixture.held()).toEqual(before);
      });
    },
  },
  {
    name: 'completes its logs by itself after exactly maxEvents events',
    async check(fixture) {
      await withProgram(fixture, { format: 'json', maxEvents: 3 }, async (program, record) => {
        await program.attach();
        await fixture.cause(10);
        await settled(record.completion, patience(fixture), 'completion');
        expect(record.lines().length).toBe(3);
        expect((await program.detach()).code).toBe(0);
      });
    },
  },
  {
    name: 'shows nothing while paused, and what came meanwhile after resume',
    async check(fixture) {
      await withProgram(fixture, { format: 'json' }, async (program, record) => {
        await program.attach();
        await program.pause();
        const before = record.lines().length;
        await fixture.cause(5);
        await quiet(fixture.quietMs ?? 150);
        expect(record.lines().length).toBe(before);
        await program.resume();
        await settled(record.linesReach(before + 5), patience(fixture), 'events after resume');
        await program.detach();
      });
    },
  },
  {
    name: 'shows the events of a pause when it is detached without resume',
    async check(fixture) {
      await withProgram(fixture, { format: 'json' }, async (program, record) => {
        await program.attach();
        await program.pause();
        await fixture.cause(5);
        await settled(program.detach(), patience(fixture), 'detach');
        expect(record.lines().length).toBeGreaterThanOrEqual(5);
      });
    },
  },
  {
    name: 'waits for a reader that takes no more, and loses nothing by it',
    async check(fixture) {
      const reader = new StoppableReader();
      await withProgram(fixture, { format: 'json', backpressure: reader }, async (program, record) => {
        await program.attach();
        reader.stop();
        // A chunk may have been under way when the reader stopped; none may begin after it.
        await fixture.cause(1);
        await quiet(fixture.quietMs ?? 150);
        const before = record.chunks.length;
        await fixture.cause(20);
        await quiet(fixture.quietMs ?? 150);
        expect(record.chunks.length).toBe(before);
        reader.go();
        await settled(record.linesReach(21), patience(fixture), 'events after the wait');
        await program.detach();
      });
    },
  },
  {
    name: 'runs several programs at once, each with its own events',
    async check(fixture) {
      await withProgram(fixture, { format: 'json' }, async (first, firstRecord) => {
        await withProgram(fixture, { format: 'json' }, async (second, secondRecord) => {
          await Promise.all([first.attach(), second.attach()]);
          await fixture.cause(3);
          await first.detach();
          await fixture.cause(2);
          await second.detach();
          expect(firstRecord.lines().length).toBeGreaterThanOrEqual(3);
          expect(secondRecord.lines().length).toBeGreaterThanOrEqual(5);
        });
      });
    },
  },
];

/** A reader that says by its Backpressure whether it takes chunks. */
class StoppableReader implements Backpressure {
  private stopped: PromiseWithResolvers | undefined;

  wait(): Promise<void> | undefined {
    return this.stopped?.promise;
  }

  stop(): void {
    let resolve = (): void => undefined;
    const promise = new Promise<void>((settle) => {
      resolve = settle;
    });
    this.stopped = { promise, resolve };
  }

  go(): void {
    this.stopped?.resolve();
    this.stopped = undefined;
  }
}

interface PromiseWithResolvers {
  readonly promise: Promise<void>;
  resolve(): void;
}

/** Loads the fixture's program, records its logs, and detaches it whatever happens. */
async function withProgram(
  fixture: RunnerFixture,
  changes: Partial<LoadSpec>,
  use: (program: Program, record: LogRecord) => Promise<void>,
): Promise<void> {
  const program = await fixture.runner.load({ ...fixture.spec, ...changes });
  const record = recordLogs(program.logs);
  try {
    await use(program, record);
    expect(record.error).toBeUndefined();
  } finally {
    await settled(program.detach(), patience(fixture), 'detach');
  }
}

function patience(fixture: RunnerFixture): number {
  return fixture.patienceMs ?? 5000;
}

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}
