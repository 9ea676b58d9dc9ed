import {
  type Artifact,
  EcliError,
  MediaType,
  printable,
  type Exit,
  type LoadSpec,
  type LogChunk,
  type PluginHost,
  type Program,
  type Runner,
  withoutCredentials,
} from '@ecli/core';
import type { Observable } from 'rxjs';
import { basename, dirname, resolve } from 'node:path';
import type { RunRequest } from './run-request.ts';
import type { FetchWishes } from './source-flags.ts';
import type { Display } from './terminal/display.ts';
import type { Logger } from './terminal/logger.ts';

/** Where it happens. */
export interface RunSurroundings extends PluginHost {
  /** Opens what shows the program's chunks, as the request wants them shown. */
  openDisplay(request: RunRequest): Promise<Display>;
  readonly logger: Logger;
  /** How the program is got. */
  readonly wishes?: FetchWishes;
  /**
   * Makes another request of one whose program couldn't be loaded, where `error` lets it: a flag that stood
   * among the program's arguments, which the program doesn't know, can be ours. Undefined: there is none.
   */
  readonly adopt?: (request: RunRequest, error: unknown) => RunRequest | undefined;
  /** Aborted when the user wants it to end. */
  readonly stop: AbortSignal;
}

/**
 * Runs one program from its reference to its exit: fetch, load, attach, show, detach. It ends when the program
 * does, after `maxEvents` or `timeoutMs`, when `stop` is aborted, or when nobody reads the output any more;
 * in each case what the kernel had buffered is shown and nothing stays attached.
 *
 * @throws what the source, the runner and the program throw; the reason of `stop` when it came before attach
 */
export async function runProgram(asked: RunRequest, around: RunSurroundings): Promise<Exit> {
  const loaded = await loadProgram(asked, around);
  try {
    return await run(loaded, around);
  } finally {
    loaded.display.close();
  }
}

async function run({ program, request, display }: Loaded, { logger, stop }: RunSurroundings): Promise<Exit> {
  const ended = forward(program.logs, display);
  try {
    stop.throwIfAborted();
    await program.attach();
    display.begin(titleOf(request.reference), () => program.counts);
    logger.log('info', `${withoutCredentials(request.reference)}: attached`);
    await firstOf(ended, stop, display.end, request.timeoutMs);
  } catch (error) {
    // The first failure is the one to tell; nothing may stay attached after it.
    await program.detach().catch((later: unknown) => logger.log('warn', `detach: ${String(later)}`));
    throw error;
  }
  const exit = await program.detach();
  await ended;
  return exit;
}

interface Loaded {
  readonly program: Program;
  readonly display: Display;
  /** What was asked for in the end: with the flags that stood among the program's arguments. */
  readonly request: RunRequest;
}

async function loadProgram(asked: RunRequest, around: RunSurroundings): Promise<Loaded> {
  const artifact = await fetchArtifact(asked, around);
  for (let request = asked; ;) {
    try {
      const display = await around.openDisplay(request);
      return { program: await load(request, artifact, display, around), request, display };
    } catch (error) {
      const next = around.adopt?.(request, error);
      if (!next) throw error;
      request = next;
    }
  }
}

async function fetchArtifact(request: RunRequest, around: RunSurroundings): Promise<Artifact> {
  const { source, stop, logger, wishes } = around;
  const { reference, mediaType } = request;
  const artifact = await source.fetch(reference, {
    ...wishes,
    signal: stop,
    ...(mediaType !== undefined && { mediaType }),
  });
  stop.throwIfAborted();
  if (logger.shows('info')) logger.log('info', `${artifact.reference}: ${described(artifact)}`);
  return artifact;
}

function described({ descriptor: { mediaType, size, digest } }: Artifact): string {
  return `${mediaType}, ${size} bytes, ${digest}`;
}

function load(
  request: RunRequest,
  artifact: Artifact,
  display: Display,
  { runner, logger, stop }: RunSurroundings,
): Promise<Program> {
  const { screen } = display;
  if (request.verbose) logger.raise('debug');
  const spec: LoadSpec = {
    ...request,
    format: request.format ?? 'text',
    presentation: { ...request.presentation, ...(screen && { screen }) },
    name: nameOf(request.reference),
    artifact,
    signal: stop,
    backpressure: display,
    ...(logger.shows('debug') && { diagnose: (line: string) => logger.log('debug', line) }),
  };
  if (!runner.supports(spec)) throw unsupported(spec, runner);
  return runner.load(spec);
}

function nameOf(reference: string): string {
  return reference === '-' ? 'standard input' : withoutCredentials(reference);
}

/** `opens` of `examples/opens/opens.bpf.c`, and `dist` of `dist/package.json`. */
function titleOf(reference: string): string {
  const name =
    basename(reference) === 'package.json' ? basename(dirname(resolve(reference))) : basename(reference);
  return printable(name.replace(/(?<=.)(?:\.bpf)?\.(?:c|o|json|tar)$/, ''));
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

/** Shows chunks as they come; the promise settles as the logs do. */
function forward(logs: Observable<LogChunk>, display: Display): Promise<void> {
  const ended = new Promise<void>((resolve, reject) => {
    logs.subscribe({
      next: (chunk) => display.show(chunk),
      error: reject,
      complete: resolve,
    });
  });
  // Whoever awaits it hears of a failure; until then it isn't an unhandled one.
  ended.catch(() => undefined);
  return ended;
}

const LONG_MS = 1 << 30;

async function firstOf(
  ended: Promise<void>,
  stop: AbortSignal,
  unread: Promise<void>,
  timeoutMs: number | undefined,
): Promise<void> {
  const cleanup = new AbortController();
  // Nothing of a program that shows nothing keeps node waiting, nor does a listener to a signal.
  const waiting = setInterval(() => undefined, LONG_MS);
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
    clearInterval(waiting);
    clearTimeout(timer);
    cleanup.abort();
  }
}
