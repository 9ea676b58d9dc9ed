import { openSync, writeSync } from 'node:fs';
import { EcliError } from '@ecli/core';
import { LineEditor, type LineState } from './line-editor.ts';

const STDERR = 2;

/**
 * Asks the person at the terminal that standard input is. Whatever ends a question, the terminal is as it was before:
 * a line that isn't shown is read in raw mode, in which nothing else would show either.
 */
export class Prompt {
  private typed = '';
  private readonly terminal = openTerminal();

  constructor(
    private readonly signal: AbortSignal,
    private readonly input = process.stdin,
  ) {}

  /** Whether there is anybody to ask. */
  get isPossible(): boolean {
    return this.input.isTTY;
  }

  /** Reads a line that shows as it is typed. Rejects with the signal's reason. @throws ARGUMENT_INVALID at the end */
  async ask(question: string): Promise<string> {
    try {
      return await this.read(question, firstLine);
    } catch (error) {
      writeSync(this.terminal, '\n');
      throw error;
    }
  }

  /** As `ask`, of a line that nobody is to see. */
  async askSecretly(question: string): Promise<string> {
    const editor = new LineEditor();
    let fed = 0;
    this.input.setRawMode(true);
    try {
      return await this.read(question, (typed) => {
        const state = editor.feed(typed.slice(fed));
        fed = typed.length;
        return state;
      });
    } finally {
      writeSync(this.terminal, '\n');
    }
  }

  private async read(question: string, stateOf: (typed: string) => LineState): Promise<string> {
    this.signal.throwIfAborted();
    writeSync(this.terminal, question);
    const { input, signal } = this;
    input.setEncoding('utf8');
    return new Promise<string>((resolve, reject) => {
      const settle = (settled: () => void): void => {
        input.off('data', take).off('end', end).off('error', end).pause();
        signal.removeEventListener('abort', abort);
        input.setRawMode(false);
        settled();
      };
      const end = (): void => settle(() => reject(new EcliError('ARGUMENT_INVALID', 'nothing was answered')));
      const abort = (): void => settle(() => reject(signal.reason as Error));
      const take = (text: string): void => {
        this.typed += text;
        const state = stateOf(this.typed);
        if (state.kind === 'end') return end();
        // As the terminal's driver would: whoever listens makes the end of it.
        if (state.kind === 'interrupt') return void process.kill(process.pid, 'SIGINT');
        if (state.kind === 'open') return;
        this.typed = state.rest;
        settle(() => resolve(state.text));
      };
      signal.addEventListener('abort', abort);
      input.on('data', take).on('end', end).on('error', end).resume();
      if (this.typed !== '') take('');
    });
  }
}

function firstLine(typed: string): LineState {
  const end = typed.indexOf('\n');
  if (end < 0) return { kind: 'open' };
  return { kind: 'line', text: typed.slice(0, end).replace(/\r$/, ''), rest: typed.slice(end + 1) };
}

/** Where questions are seen also while standard error goes elsewhere. */
function openTerminal(): number {
  try {
    return openSync('/dev/tty', 'w');
  } catch {
    return STDERR;
  }
}
