/**
 * A runner whose kernel is an array: `fire` is an event, which attached programs see. It does not model:
 * a buffer that overflows, events that are lost or reordered, text with a header and columns, time between
 * an event and its chunk beyond one turn of the event loop, a load or an attach that a kernel refuses,
 * variables, and maps. What a test finds out with it about those is worth nothing; the kernel tests are.
 */
import { type Observable, Subject } from 'rxjs';
import { MediaType } from '../artifact.ts';
import { ArgumentError, EcliError } from '../errors.ts';
import type { Exit, LoadSpec, LogChunk, Program, Runner } from '../runner.ts';

/** Runs artifacts of type `MediaType.package` whose content is a JSON object; the one argument is `--known`. */
export class FakeRunner implements Runner {
  readonly name = 'fake';
  readonly takes = 'JSON packages';
  /** Loaded and not detached yet. */
  readonly programs = new Set<FakeProgram>();
  /** What the last `load` was asked for. */
  lastSpec: LoadSpec | undefined;

  supports(spec: LoadSpec): boolean {
    return spec.artifact.descriptor.mediaType === MediaType.package;
  }

  async load(spec: LoadSpec): Promise<FakeProgram> {
    this.lastSpec = spec;
    if (spec.artifact.content[0] !== 0x7b) {
      throw new EcliError('PACKAGE_INVALID', `${spec.name}: not a JSON object`);
    }
    const unknown = spec.args.find((argument) => argument !== '--known');
    if (unknown !== undefined) throw new ArgumentError(`${unknown}: unknown argument`, ['--known']);
    const program = new FakeProgram(spec, () => this.programs.delete(program));
    this.programs.add(program);
    return program;
  }

  /** Lets an event happen: each attached program shows `line`, or `{"event":line}` in JSON. */
  fire(line: string): void {
    for (const program of this.programs) program.see(line);
  }
}

/** A program of FakeRunner; `see`, `fail` and `end` are the test's hand inside it. */
export class FakeProgram implements Program {
  readonly logs: Observable<LogChunk>;
  attached = false;
  private readonly chunks = new Subject<LogChunk>();
  private buffer: string[] = [];
  private remaining: number;
  private paused = false;
  private scheduled = false;
  private exit: Promise<Exit> | undefined;
  private exitCode = 0;

  constructor(
    private readonly spec: LoadSpec,
    private readonly release: () => void,
  ) {
    this.logs = this.chunks.asObservable();
    this.remaining = spec.maxEvents ?? Infinity;
  }

  async attach(): Promise<void> {
    this.attached = true;
  }

  async pause(): Promise<void> {
    this.paused = true;
  }

  async resume(): Promise<void> {
    this.paused = false;
    this.schedule();
  }

  detach(): Promise<Exit> {
    this.exit ??= this.finish();
    return this.exit;
  }

  /** An event that reaches this program if it is attached. */
  see(line: string): void {
    if (!this.attached) return;
    this.buffer.push(this.spec.format === 'json' ? JSON.stringify({ event: line }) : line);
    this.schedule();
  }

  /** Ends the logs with `error`, as a program that breaks down while it runs. */
  fail(error: EcliError): void {
    this.attached = false;
    this.chunks.error(error);
  }

  /** Ends the program by itself, as a guest that returns `code`. */
  end(code: number): void {
    this.exitCode = code;
    this.attached = false;
    this.chunks.complete();
  }

  /** One drain in a later turn of the event loop, as a wait for the kernel would give. */
  private schedule(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      void this.drain();
    });
  }

  private async drain(): Promise<void> {
    await this.spec.backpressure?.wait();
    if (!this.paused) this.deliver();
  }

  private deliver(): void {
    const lines = this.buffer.splice(0, Math.min(this.buffer.length, this.remaining));
    if (lines.length === 0) return;
    this.remaining -= lines.length;
    const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''));
    this.chunks.next({ stream: 'plain', timeUs: Date.now() * 1000, bytes, lines: lines.length });
    if (this.remaining === 0) this.end(0);
  }

  private async finish(): Promise<Exit> {
    this.attached = false;
    await this.spec.backpressure?.wait();
    this.deliver();
    this.chunks.complete();
    this.release();
    return { code: this.exitCode };
  }
}
