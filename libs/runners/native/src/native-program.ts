import { EcliError, type Exit, type LogChunk, type Program, printable } from '@ecli/core';
import type { BpfLink, BpfObject, BpfProgram, SampleReader } from '@ecli/bpf';
import type { Observable } from 'rxjs';
import type { LogStream } from './log-stream.ts';
import type { SamplePump } from './sample-pump.ts';

/** What a loaded program consists of; the program takes it all over and closes it. */
export interface ProgramParts {
  readonly name: string;
  readonly object: BpfObject;
  /** Those to attach, in order. */
  readonly programs: readonly BpfProgram[];
  readonly stream: LogStream;
  /** Absent for a program that shows nothing. */
  readonly output?: Output | undefined;
  readonly diagnose?: ((line: string) => void) | undefined;
}

export interface Output {
  readonly reader: SampleReader;
  readonly pump: SamplePump;
  readonly header?: string | undefined;
}

/** An object in this kernel, from load to detach. */
export class NativeProgram implements Program {
  readonly logs: Observable<LogChunk>;
  private readonly links: BpfLink[] = [];
  private pumping: Promise<void> | undefined;
  private failure: EcliError | undefined;
  private attached = false;
  private ending: Promise<Exit> | undefined;

  constructor(private readonly parts: ProgramParts) {
    this.logs = parts.stream.logs;
  }

  /** Attaches all programs or none; after a failure nothing is left in the kernel. */
  async attach(): Promise<void> {
    const { name, stream, output } = this.parts;
    if (this.attached || this.ending) {
      throw new EcliError('ATTACH_FAILED', `${printable(name)}: a program is attached once`);
    }
    this.attached = true;
    try {
      this.parts.programs.forEach((program) => this.attachOne(program));
    } catch (error) {
      this.failure = asEcliError(error, 'ATTACH_FAILED', name);
      stream.open(undefined); // what was said until then may tell why
      await this.detach();
      throw this.failure;
    }
    stream.open(output?.header);
    if (output) this.startPump(output.pump);
  }

  async pause(): Promise<void> {
    this.parts.output?.pump.pause();
  }

  async resume(): Promise<void> {
    this.parts.output?.pump.resume();
  }

  detach(): Promise<Exit> {
    this.ending ??= this.end();
    return this.ending;
  }

  private attachOne(program: BpfProgram): void {
    this.links.push(program.attach());
    this.parts.diagnose?.(`attached ${printable(program.name)} to ${printable(program.section)}`);
  }

  private startPump(pump: SamplePump): void {
    this.pumping = pump.run().catch((error: unknown) => {
      this.failure = asEcliError(error, 'OUTPUT_FAILED', this.parts.name);
    });
    // The pump ends by itself after the last event wanted or after a failure. Whoever calls detach learns of
    // a failure in it.
    void this.pumping.then(() => this.detach()).catch(() => undefined);
  }

  /** Stops events first, so that the buffer runs empty, then shows what is in it, then frees everything. */
  private async end(): Promise<Exit> {
    const { object, output, stream } = this.parts;
    try {
      for (const link of this.links.splice(0).reverse()) {
        link.destroy();
        // The kernel takes some 70 ms for a tracepoint, in which the events of other links would fill the buffer.
        await output?.pump.catchUp();
      }
    } finally {
      // After a failure too: a buffer that is being read must not be unmapped.
      output?.pump.stop();
      await this.pumping;
      closeAll([() => output?.reader.close(), () => object.close()]);
    }
    // A failure to attach is told by attach itself.
    if (this.failure && this.pumping) stream.fail(this.failure);
    else stream.complete();
    return this.failure ? { code: 1, reason: this.failure.message } : { code: 0 };
  }
}

/** Calls every step, also after one that throws; rethrows the first error. */
export function closeAll(steps: readonly (() => void)[]): void {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

function asEcliError(error: unknown, code: 'ATTACH_FAILED' | 'OUTPUT_FAILED', name: string): EcliError {
  if (error instanceof EcliError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new EcliError(code, `${printable(name)}: ${printable(reason)}`, { cause: error });
}
