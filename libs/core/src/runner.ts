import type { Observable } from 'rxjs';
import { injectable, injectAll } from './injection.ts';
import type { Artifact } from './artifact.ts';
import { EcliError } from './errors.ts';
import type { OutputFormat, Presentation } from './presentation.ts';
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
   * Set where the bytes are one whole picture of what this names (a histogram, a table): a screen draws it over
   * the picture of the same name before. Only made where `Presentation.screen` asks for it.
   */
  readonly frame?: string;
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

/** Where one program is to be attached, in place of what its section or its package says. */
export interface AttachTarget {
  readonly program: string;
  /** An interface's name, a cgroup's path, a process id, `binary:symbol`: what the program's kind takes. */
  readonly target: string;
}

/** What became of a program's events since it was attached. */
export interface ProgramCounts {
  /** Events and map entries shown. */
  readonly events: number;
  /** Their bytes, as the kernel gave them. */
  readonly bytes: number;
  /** Events the kernel dropped, as far as it tells. */
  readonly lost: number;
  /** Events that a slow reader let ecli drop (`onSlow` is `drop`). */
  readonly dropped: number;
  /** Events that no filter let through. */
  readonly filtered: number;
}

/** What is asked of a runner. */
export interface LoadSpec {
  /** For people: the program's name in messages. */
  readonly name: string;
  readonly artifact: Artifact;
  /** The program's own arguments: all that stood after the reference. */
  readonly args: readonly string[];
  readonly format: OutputFormat;
  /** How events are shown beyond their format. */
  readonly presentation?: Presentation;
  /** Overrides of where programs are attached; the last one for a program counts. */
  readonly attach?: readonly AttachTarget[];
  /** The network namespace to attach in: a path such as /run/netns/blue. */
  readonly netns?: string;
  /** How often a perf_event program samples a CPU a second. */
  readonly frequency?: number;
  /** What happens to events while nobody takes them: they stay with the kernel (default), or are dropped and counted. */
  readonly onSlow?: 'wait' | 'drop';
  /** At the end, says on `stderr` what was shown, lost and spent; the kernel counts run times meanwhile. */
  readonly stats?: boolean;
  /** Shows what programs write with bpf_printk, on `stderr`. */
  readonly trace?: boolean;
  /** The event type of a program that doesn't say (a bare object): a struct's name in its BTF. */
  readonly exportType?: string;
  /** `logs` completes after this many events. */
  readonly maxEvents?: number;
  /** BTF to relocate against instead of the running kernel's own: a file, or a folder in BTFHub's layout. */
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
  /** Up to date at any time; absent where nobody counts. */
  readonly counts?: ProgramCounts;
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
