import {
  type Artifact,
  EcliError,
  MediaType,
  printable,
  type Exit,
  type LoadSpec,
  type LogChunk,
  type OutputFormat,
  type PluginHost,
  type Program,
  type Runner,
} from '@ecli/core';
import type { Observable } from 'rxjs';
import type { DescriptorWriter } from './terminal/descriptor-writer.ts';
import type { Logger } from './terminal/logger.ts';

/** What the user asked for. */
export interface RunRequest {
  readonly reference: string;
  readonly args: readonly string[];
  readonly format: OutputFormat;
  readonly mediaType?: string;
  readonly exportType?: string;
  readonly maxEvents?: number;
  /** Milliseconds from attach to the end; without it the program runs until something else ends it. */
  readonly timeoutMs?: number;
  readonly btfPath?: string;
  /** Shows diagnostics from load on. */
  readonly verbose?: boolean;
}

/** Where it happens. */
export interface RunSurroundings extends PluginHost {
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly logger: Logger;
  /**
   * Makes another request of one whose program couldn't be loaded, where `error` lets it: a flag that stood
   * among the program's arguments, which the program doesn't know, can be ours. Undefined: there is none.
   */
  readonly adopt?: (request: RunRequest, error: unknown) => RunRequest | undefined;
  /** Aborted when the user wants it to end. */
  readonly stop: AbortSignal;
}

type Writer = Pick<DescriptorWriter, 'write' | 'wait' | 'end'>;

/**
 * Runs one program from its reference to its exit: fetch, load, attach, show, detach. It ends when the program
 * does, after `maxEvents` or `timeoutMs`, when `stop` is aborted, or when nobody reads the output any more;
 * in each case what the kernel had buffered is shown and nothing stays attached.
 *
 * @throws what the source, the runner and the program throw; the reason of `stop` when it came before attach
 */
export async function runProgram(asked: RunRequest, around: RunSurroundings): Promise<Exit> {
  const { program, request } = await loadProgram(asked, around);
  const ended = forward(program.logs, around);
  try {
    around.stop.throwIfAborted();
    await program.attach();
    around.logger.log('info', `${request.reference}: attached`);
    await firstOf(ended, around.stop, around.stdout.end, request.timeoutMs);
  } catch (error) {
    // The first failure is the one to tell; nothing may stay attached after it.
    await program.detach().catch((later: unknown) => around.logger.log('warn', `detach: ${String(later)}`));
    throw error;
  }
  const exit = await program.detach();
  await ended;
  return exit;
}

interface Loaded {
  readonly program: Program;
  /** What was asked for in the end: with the flags that stood among the program's arguments. */
  readonly request: RunRequest;
}

async function loadProgram(asked: RunRequest, around: RunSurroundings): Promise<Loaded> {
  const artifact = await fetchArtifact(asked, around);
  for (let request = asked; ;) {
    try {
      return { program: await load(request, artifact, around), request };
    } catch (error) {
      const next = around.adopt?.(request, error);
      if (!next) throw error;
      request = next;
    }
  }
}

async function fetchArtifact(request: RunRequest, around: RunSurroundings): Promise<Artifact> {
  const { source, stop, logger } = around;
  const { reference, mediaType } = request;
  const artifact = await source.fetch(reference, {
    signal: stop,
    ...(mediaType !== undefined && { mediaType }),
  });
  stop.throwIfAborted();
  const { descriptor } = artifact;
  logger.log('info', `${reference}: ${descriptor.mediaType}, ${descriptor.size} bytes, ${descriptor.digest}`);
  return artifact;
}

function load(request: RunRequest, artifact: Artifact, around: RunSurroundings): Promise<Program> {
  const { runner, logger, stdout, stderr, stop } = around;
  if (request.verbose) logger.raise('debug');
  const spec: LoadSpec = {
    ...request,
    name: nameOf(request.reference),
    artifact,
    signal: stop,
    backpressure: { wait: () => stdout.wait() ?? stderr.wait() },
    ...(logger.shows('debug') && { diagnose: (line: string) => logger.log('debug', line) }),
  };
  if (!runner.supports(spec)) throw unsupported(spec, runner);
  return runner.load(spec);
}

function nameOf(reference: string): string {
  return reference === '-' ? 'standard input' : reference;
}

function unsupported({ name, artifact }: LoadSpec, { takes }: Runner): EcliError {
  const { mediaType } = artifact.descriptor;
  const taken = `ecli runs ${takes}`;
  if (mediaType === MediaType.unknown) {
    const hint = `${taken}; -p says what it is`;
    return new EcliError('MEDIA_TYPE_UNSUPPORTED', `${printable(name)}: not recognised as a program`, {
      hint,
    });
  }
  const kind = WASM.has(mediaType) ? 'a Wasm module' : printable(mediaType);
  const message = `${printable(name)}: ${kind}, and no runner for those is here`;
  return new EcliError('MEDIA_TYPE_UNSUPPORTED', message, { hint: taken });
}

const WASM: ReadonlySet<string> = new Set([MediaType.wasm, MediaType.wasmLayer]);

/** Writes chunks where they belong; the promise settles as the logs do. */
function forward(logs: Observable<LogChunk>, { stdout, stderr }: RunSurroundings): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => {
    logs.subscribe({
      next: ({ stream, bytes, release }) => (stream === 'stderr' ? stderr : stdout).write(bytes, release),
      error: reject,
      complete: resolve,
    });
  });
  // Whoever awaits it hears of a failure; until then it isn't an unhandled one.
  ended.catch(() => undefined);
  return ended;
}

async function firstOf(
  ended: Promise<void>,
  stop: AbortSignal,
  unread: Promise<void>,
  timeoutMs: number | undefined,
): Promise<void> {
  const cleanup = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    stop.addEventListener('abort', () => resolve(), { once: true, signal: cleanup.signal });
  });
  let timer: NodeJS.Timeout | undefined;
  const elapsed = new Promise<void>((resolve) => {
    if (timeoutMs !== undefined) timer = setTimeout(resolve, timeoutMs);
  });
  try {
    if (!stop.aborted) await Promise.race([ended, stopped, unread, elapsed]);
  } finally {
    clearTimeout(timer);
    cleanup.abort();
  }
}
