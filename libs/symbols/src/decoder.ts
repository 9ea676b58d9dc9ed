import { createRequire } from 'node:module';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { DECODING_THREAD } from './decoding-thread.ts';

/** C++ has names of thousands of characters, which nobody reads. */
const LONGEST_MANGLED = 2048;
const LONGEST_DEMANGLED = 4096;
/** A thread starts in 50 ms, on a busy machine in seconds. */
const START_MS = 10_000;
/** An ordinary name takes some µs; a machine may be busy. */
const DEMANGLE_MS = 500;
const UNXZ_MS = 5000;
/** A thread that nobody asks anything gives its memory back. */
const IDLE_MS = 30_000;
/** So often a thread may run out of its time before no more is started. */
const MOST_FAILURES = 4;

type Question =
  | { readonly name: string | undefined; readonly most: number }
  | { readonly compressed: Uint8Array; readonly most: number };

interface Answer {
  readonly value?: unknown;
  readonly error?: string;
}

/**
 * Takes apart what comes from files that anybody may have made: mangled names and xz. 200 bytes of either can ask
 * for minutes and gigabytes, so it is done by a thread that is ended when it takes too long. Callers wait for it.
 * The thread starts with the first question.
 */
export class Decoder {
  private thread: DecodingThread | undefined;
  private idle: NodeJS.Timeout | undefined;
  private failures = 0;

  /** `warn` takes a line when names stay mangled from now on. */
  constructor(private readonly warn?: (line: string) => void) {}

  /** Demangles C++ (Itanium) and Rust (both manglings). What isn't mangled comes back as it was. */
  demangle(symbol: string): string {
    // A linker's version, as in `memcpy@@GLIBC_2.14`, is no part of the name.
    const name = symbol.replace(/@.*$/s, '') || symbol;
    if (!/^_{1,2}[ZR]/.test(name) || name.length > LONGEST_MANGLED) return name;
    const result = this.ask({ name, most: LONGEST_DEMANGLED }, DEMANGLE_MS);
    // The library gives what it can't demangle back without its first underscore.
    return typeof result === 'string' && result !== name.slice(1) ? result : name;
  }

  /** Decompresses xz. Undefined when it is broken, or grows beyond `most` bytes. */
  unxz(compressed: Uint8Array, most: number): Buffer | undefined {
    const result = this.ask({ compressed, most }, UNXZ_MS);
    if (!(result instanceof Uint8Array)) return undefined;
    return Buffer.from(result.buffer, result.byteOffset, result.byteLength);
  }

  close(): void {
    clearTimeout(this.idle);
    this.thread?.end();
    this.thread = undefined;
  }

  private ask(question: Question, limitMs: number): unknown {
    if (this.failures >= MOST_FAILURES) return undefined;
    const answer = this.started()?.ask(question, limitMs);
    if (answer) {
      this.idle?.refresh();
      return answer.value;
    }
    this.close();
    if (++this.failures === MOST_FAILURES) this.warn?.('names of C++ and Rust are shown mangled from now on');
    return undefined;
  }

  /** A thread that has its library loaded, so that a limit is for the question alone. */
  private started(): DecodingThread | undefined {
    if (this.thread) return this.thread;
    try {
      this.thread = new DecodingThread();
    } catch {
      return undefined; // its libraries aren't installed
    }
    this.idle = setTimeout(() => this.close(), IDLE_MS).unref();
    return this.thread.ask({ name: undefined, most: 0 }, START_MS) && this.thread;
  }
}

class DecodingThread {
  private readonly answered = new Int32Array(new SharedArrayBuffer(4));
  private readonly port: MessagePort;
  private readonly worker: Worker;
  private questions = 0;

  constructor() {
    const { resolve } = createRequire(import.meta.url);
    const { port1, port2 } = new MessageChannel();
    this.port = port1;
    this.worker = new Worker(DECODING_THREAD, {
      eval: true,
      workerData: {
        port: port2,
        answered: this.answered,
        demangler: resolve('gecko-profiler-demangle/index_bg.js'),
        demanglerWasm: resolve('gecko-profiler-demangle/index_bg.wasm'),
        xz: resolve('xz-decompress'),
      },
      transferList: [port2],
      // No flag of ours is for it, such as one that loads modules before all others.
      execArgv: [],
    });
    // A thread that can't start doesn't answer, which is all that its asker needs to know.
    this.worker.on('error', () => undefined);
    this.worker.unref();
    this.port.unref();
  }

  /** Undefined when no answer came in time; the thread must be ended then. */
  ask(question: Question, limitMs: number): Answer | undefined {
    this.port.postMessage(question);
    const answered = this.questions++;
    if (Atomics.wait(this.answered, 0, answered, limitMs) === 'timed-out') return undefined;
    return receiveMessageOnPort(this.port)?.message as Answer | undefined;
  }

  end(): void {
    this.port.close();
    void this.worker.terminate();
  }
}
