import type { Observable } from 'rxjs';
import { injectable, injectAll } from './injection.ts';
import type { Artifact } from './artifact.ts';
import { EcliError } from './errors.ts';
import { printable } from './printable.ts';

/**
 * What one drain of a kernel buffer rendered: whole lines of valid UTF-8, each ended by `\n`.
 * The bytes belong to whoever receives the chunk.
 */
export interface LogChunk {
  /** `plain` is events; a guest's or a program's own output is `stdout` or `stderr`. */
  readonly stream: 'stdout' | 'stderr' | 'plain';
  /** When the first line was rendered: microseconds since the epoch. */
  readonly timeUs: number;
  readonly bytes: Uint8Array;
  readonly lines: number;
  /**
   * Gives the bytes back once nobody needs them, to be written over. Whoever never calls it keeps the bytes;
   * calling it spares the garbage collector the whole output of a busy program.
   */
  readonly release?: () => void;
}

/** How a program ended. `code` is what a process would exit with: 0 when it ended as asked. */
export interface Exit {
  readonly code: number;
  /** Why, in words, when there is more to say than the code does. */
  readonly reason?: string;
}

/**
 * Where chunks go says here whether it can take more. An Observable has no way to push back, and a
 * reader that stops reading must leave events in the kernel's buffer, not in our memory.
 */
export interface Backpressure {
  /** Returns undefined when the reader takes more now, else a promise that resolves when it does. */
  wait(): Promise<void> | undefined;
}

export type OutputFormat = 'text' | 'json';

/** What is asked of a runner. */
export interface LoadSpec {
  /** For people: the program's name in messages. */
  readonly name: string;
  readonly artifact: Artifact;
  /** The program's own arguments: all that stood after the reference. */
  readonly args: readonly string[];
  readonly format: OutputFormat;
  /** The event type of a program that doesn't say (a bare object): a struct's name in its BTF. */
  readonly exportType?: string;
  /** `logs` completes after this many events. */
  readonly maxEvents?: number;
  /** A BTF file to relocate against instead of the running kernel's own. */
  readonly btfPath?: string;
  /** A server to run on instead of this machine. */
  readonly endpoint?: URL;
  readonly backpressure?: Backpressure;
  /** Takes one line of diagnostics (libbpf's messages, what was attached); shown with `--verbose`. */
  readonly diagnose?: (line: string) => void;
  /** Aborted when the program isn't wanted any more before it is loaded; `load` then throws its reason. */
  readonly signal?: AbortSignal;
}

/** Verified bytes turned into kernel objects, from load to detach. */
export interface Program {
  /** Subscribe before `attach`. Completes when the program has ended; fails only with EcliError. */
  readonly logs: Observable<LogChunk>;
  /** Starts events. @throws ATTACH_FAILED, FEATURE_UNSUPPORTED; nothing stays attached then */
  attach(): Promise<void>;
  /** Stops reading events until `resume`; the kernel's buffer fills meanwhile. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /**
   * Stops events, delivers those already buffered, frees the kernel objects. Idempotent.
   * When it resolves, `logs` has completed.
   */
  detach(): Promise<Exit>;
}

/** Turns verified bytes into a program. */
export interface Runner {
  readonly name: string;
  /** The programs it takes, in words for people: `JSON packages`, `Wasm modules`. */
  readonly takes: string;
  supports(spec: LoadSpec): boolean;
  /** Loads, attaches nothing. @throws PACKAGE_INVALID, ARGUMENT_INVALID, VERIFIER_REJECTED, … */
  load(spec: LoadSpec): Promise<Program>;
}

export const RUNNER: symbol = Symbol.for('ecli.Runner');
export const RUNNER_CHAIN: symbol = Symbol.for('ecli.RunnerChain');

/** All registered runners as one: the first that supports a spec loads it. */
@injectable()
export class RunnerChain implements Runner {
  readonly name = 'chain';

  constructor(@injectAll(RUNNER, { isOptional: true }) private readonly runners: readonly Runner[]) {}

  get takes(): string {
    return this.runners.map(({ takes }) => takes).join(', ');
  }

  supports(spec: LoadSpec): boolean {
    return this.runners.some((runner) => runner.supports(spec));
  }

  /** @throws MEDIA_TYPE_UNSUPPORTED when no runner takes the artifact, and what the chosen runner throws */
  async load(spec: LoadSpec): Promise<Program> {
    const runner = this.runners.find((candidate) => candidate.supports(spec));
    if (runner) return runner.load(spec);
    const { mediaType } = spec.artifact.descriptor;
    throw new EcliError(
      'MEDIA_TYPE_UNSUPPORTED',
      `${printable(spec.name)}: no runner takes ${printable(mediaType)}`,
      {
        hint: `runners: ${this.runners.map(({ name }) => name).join(', ') || 'none'}`,
      },
    );
  }
}
