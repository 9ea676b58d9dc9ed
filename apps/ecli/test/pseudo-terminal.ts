import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Size } from '../src/terminal/screen/window-size.ts';
import { BIN, cleanEnv } from './command-line.ts';
import { VirtualTerminal } from './virtual-terminal.ts';

export interface PseudoTerminalOptions {
  readonly size?: Size;
  readonly env?: NodeJS.ProcessEnv;
  /** Shell code around the command line, which stands for `"$@"`. */
  readonly shell?: string;
}

const PATIENCE_MS = 15_000;

/** ecli at work in a window: a pseudo-terminal of script(1), whose screen is a virtual one. */
export class PseudoTerminal {
  readonly screen: VirtualTerminal;
  /** The exit code that script reports: of a process that a signal ended, 128 and the signal's number. */
  readonly code: Promise<number>;
  private readonly child: ChildProcess;
  private readonly device: Promise<string>;
  private written: Promise<void> = Promise.resolve();
  /** All that was written to the terminal. */
  raw = '';

  constructor(args: readonly string[], options: PseudoTerminalOptions = {}) {
    const { size = { columns: 80, rows: 24 }, env, shell = 'exec "$@"' } = options;
    this.screen = new VirtualTerminal(size);
    const setup = `tty >&3; exec 3>&-; stty cols ${size.columns} rows ${size.rows};`;
    const words = [process.execPath, BIN, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`);
    const command = `set -- ${words.join(' ')}; ${setup} ${shell}`;
    this.child = spawn('script', ['-qec', command, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'inherit', 'pipe'],
      env: { ...cleanEnv(), SHELL: '/bin/sh', TERM: 'xterm-256color', NO_COLOR: '', ...env },
    });
    this.device = once(this.child.stdio[3] as Readable, 'data').then(([bytes]) => String(bytes).trim());
    this.child.stdout?.on('data', (bytes: Buffer) => {
      this.raw += bytes.toString();
      this.written = this.screen.write(bytes);
    });
    this.code = once(this.child, 'close').then(async ([code]) => {
      await this.written;
      return Number(code);
    });
  }

  /** As a person types; `\x03` is Ctrl-C. */
  type(text: string): void {
    this.child.stdin?.write(text);
  }

  /** As a person who drags the window's corner. */
  async resize(size: Size): Promise<void> {
    this.screen.resize(size);
    execFileSync('stty', ['-F', await this.device, 'cols', `${size.columns}`, 'rows', `${size.rows}`]);
  }

  /** Does `trigger` again and again until what is to be seen makes `holds` true, and returns what is to be seen. */
  async until(
    holds: (lines: readonly string[]) => boolean,
    trigger?: () => void,
  ): Promise<readonly string[]> {
    const end = Date.now() + PATIENCE_MS;
    for (;;) {
      trigger?.();
      await this.written;
      const lines = this.screen.screen;
      if (holds(lines)) return lines;
      if (Date.now() > end) throw new Error(`not to be seen:\n${this.screen.history.join('\n')}`);
      await delay(20);
    }
  }

  /** Ends it, if it hasn't ended. */
  close(): void {
    this.child.kill('SIGKILL');
  }
}
