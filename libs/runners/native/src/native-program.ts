import { EcliError, type Exit, type LogChunk, type Program, type ProgramCounts, printable } from '@ecli/core';
import type { BpfObject } from '@ecli/bpf';
import type { Observable } from 'rxjs';
import type { Attached, Attachment, Link } from './attach/attachment.ts';
import type { LogStream } from './log-stream.ts';
import type { Monitor } from './monitors/monitor.ts';
import type { EventBudget, Output } from './output.ts';

/** What a loaded program consists of; the program takes it all over and closes it. */
export interface ProgramParts {
  readonly name: string;
  readonly object: BpfObject;
  /** What to attach, in order. */
  readonly attachments: readonly Attachment[];
  readonly stream: LogStream;
  /** None for a program that shows nothing. */
  readonly outputs: readonly Output[];
  readonly monitors: readonly Monitor[];
  /** What all outputs may show. */
  readonly budget: EventBudget;
  readonly diagnose?: ((line: string) => void) | undefined;
}

/** An object in this kernel, from load to detach. */
export class NativeProgram implements Program {
  readonly logs: Observable<LogChunk>;
  private readonly links: Attached[] = [];
  private showing: Promise<unknown> | undefined;
  private failure: EcliError | undefined;
  private attached = false;
  /** Whether all is attached. */
  private hasBegun = false;
  private ending: Promise<Exit> | undefined;

  constructor(private readonly parts: ProgramParts) {
    this.logs = parts.stream.logs;
  }

  get counts(): ProgramCounts {
    const { outputs, monitors } = this.parts;
    const counts = outputs.map((output) => output.counts).reduce(added, NOTHING);
    return { ...counts, lost: monitors.reduce((sum, { lost = 0 }) => sum + lost, counts.lost) };
  }

  /** Attaches all programs or none; after a failure nothing is left in the kernel. */
  async attach(): Promise<void> {
    const { name, stream, outputs } = this.parts;
    if (this.attached || this.ending) {
      throw new EcliError('ATTACH_FAILED', `${printable(name)}: a program is attached once`);
    }
    this.attached = true;
    try {
      this.parts.attachments.forEach((attachment) => this.attachOne(attachment));
    } catch (error) {
      this.failure = asEcliError(error, 'ATTACH_FAILED', name);
      stream.open([]); // what was said until then may tell why
      await this.detach();
      throw this.failure;
    }
    stream.open(outputs.flatMap(({ header }) => header ?? []));
    this.hasBegun = true;
    const attached = [...this.links];
    this.parts.monitors.forEach((monitor) => monitor.begin({ attached, fail: (error) => this.fail(error) }));
    if (outputs.length > 0) this.show(outputs);
  }

  async pause(): Promise<void> {
    this.parts.outputs.forEach((output) => output.pause());
  }

  async resume(): Promise<void> {
    this.parts.outputs.forEach((output) => output.resume());
  }

  detach(): Promise<Exit> {
    this.ending ??= this.end();
    return this.ending;
  }

  private attachOne(attachment: Attachment): void {
    this.links.push({ attachment, link: attachment.attach() });
    const { program, where } = attachment;
    this.parts.diagnose?.(`attached ${printable(program.name)} to ${printable(where)}`);
  }

  private show(outputs: readonly Output[]): void {
    const runs = outputs.map(async (output) => {
      try {
        await output.run();
        if (this.parts.budget.remaining <= 0) void this.detach().catch(() => undefined);
      } catch (error) {
        this.fail(error); // the others are no use without it, and end in order
      }
    });
    this.showing = Promise.all(runs);
    // They end by themselves after the last event wanted. Whoever calls detach learns of a failure in it.
    void this.showing.then(() => this.detach()).catch(() => undefined);
  }

  /** Stops events first, so that the buffer runs empty, then shows what is in it, then frees everything. */
  private async end(): Promise<Exit> {
    const { outputs, stream } = this.parts;
    try {
      for (const { link } of this.links.splice(0).reverse()) {
        this.destroy(link);
        // The kernel takes some 70 ms for a tracepoint, in which the events of other links would fill the buffer.
        await Promise.all(outputs.map((output) => output.catchUp()));
      }
    } finally {
      // After a failure too: a buffer that is being read must not be unmapped.
      outputs.forEach((output) => output.stop());
      await this.showing;
      await this.free();
    }
    // A failure to attach is told by attach itself.
    if (this.failure && this.hasBegun) stream.fail(this.failure);
    else stream.complete();
    return this.failure ? { code: 1, reason: this.failure.message } : { code: 0 };
  }

  /** One that can't be detached must not keep the others. */
  private destroy(link: Link): void {
    try {
      link.destroy();
    } catch (error) {
      this.failure ??= asEcliError(error, 'ATTACH_FAILED', this.parts.name);
    }
  }

  /** What fails here keeps nothing else from being told and freed, nor the log from ending. */
  private async free(): Promise<void> {
    const { object, outputs, monitors } = this.parts;
    for (const monitor of this.hasBegun ? monitors : []) {
      await monitor.end(this.counts).catch((error: unknown) => this.noteFailure(error));
    }
    try {
      closeAll([...[...outputs, ...monitors].map((each) => () => each.close()), () => object.close()]);
    } catch (error) {
      this.noteFailure(error);
    }
  }

  private fail(error: unknown): void {
    this.noteFailure(error);
    void this.detach().catch(() => undefined);
  }

  private noteFailure(error: unknown): void {
    this.failure ??= asEcliError(error, 'OUTPUT_FAILED', this.parts.name);
  }
}

const NOTHING: ProgramCounts = { events: 0, bytes: 0, lost: 0, dropped: 0, filtered: 0 };

function added(a: ProgramCounts, b: ProgramCounts): ProgramCounts {
  return {
    events: a.events + b.events,
    bytes: a.bytes + b.bytes,
    lost: a.lost + b.lost,
    dropped: a.dropped + b.dropped,
    filtered: a.filtered + b.filtered,
  };
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
