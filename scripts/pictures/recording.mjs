import { spawn } from 'node:child_process';
import xterm from '@xterm/headless';
import { root } from '../workspace.mjs';

/** A screen is full when so many lines are left: the next events would take more than one. */
const FREE_ROWS = 8;

/**
 * Characters in a row that look the same, from column `x` on.
 *
 * @typedef {{ x: number, text: string, color: number | undefined, isBold: boolean, isDim: boolean }} Run
 */

/**
 * Runs a command in a terminal of its own, and gives what stands on the screen when the screen is full or the time is
 * over; then the command is told to end (Ctrl-C).
 *
 * @param {readonly string[]} command
 * @param {{ columns: number, rows: number, seconds: number, prompt: string }} options
 * @returns {Promise<Run[][]>} the lines, down to the last that isn't empty
 */
export function record(command, { columns, rows, seconds, prompt }) {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  terminal.write(`${prompt}\r\n`);
  const words = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const child = spawn('script', ['-qec', `stty cols ${columns} rows ${rows}; exec ${words}`, '/dev/null'], {
    cwd: root,
    env: { ...process.env, SHELL: '/bin/sh', TERM: 'xterm-256color' },
  });
  child.stdout.on('data', (bytes) => terminal.write(bytes));
  return new Promise((resolve, reject) => {
    let isStopped = false;
    /** @type {NodeJS.Timeout | undefined} */
    let full;
    const stop = () => {
      if (isStopped) return;
      isStopped = true;
      clearTimeout(timer);
      clearTimeout(full);
      resolve(linesOf(terminal));
      child.stdin.write('\x03');
    };
    const timer = setTimeout(stop, seconds * 1000);
    terminal.onWriteParsed(() => {
      // The status line counts them within a quarter of a second.
      if (terminal.buffer.active.cursorY >= rows - FREE_ROWS) full ??= setTimeout(stop, 300);
    });
    child.on('error', reject);
    child.on('close', stop);
    // It may end while it is told to.
    child.stdin.on('error', () => undefined);
  });
}

/** @param {xterm.Terminal} terminal */
function linesOf({ buffer: { active }, rows }) {
  const lines = Array.from({ length: rows }, (_, y) => runsOf(active.getLine(active.baseY + y)));
  return lines.slice(0, lines.findLastIndex((runs) => runs.length > 0) + 1);
}

/**
 * @param {xterm.IBufferLine | undefined} line
 * @returns {Run[]} without blanks around them
 */
function runsOf(line) {
  /** @type {Run[]} */
  const runs = [];
  for (let x = 0; x < (line?.length ?? 0); x++) {
    const cell = line?.getCell(x);
    if (!cell || cell.getWidth() === 0) continue;
    const style = {
      color: cell.isFgPalette() ? cell.getFgColor() : undefined,
      isBold: cell.isBold() !== 0,
      isDim: cell.isDim() !== 0,
    };
    const last = runs.at(-1);
    const text = cell.getChars() || ' ';
    if (last && isSame(last, style)) last.text += text;
    else runs.push({ x, text, ...style });
  }
  return runs.map(trimmed).filter(({ text }) => text !== '');
}

/**
 * @param {Omit<Run, 'x' | 'text'>} a
 * @param {Omit<Run, 'x' | 'text'>} b
 */
function isSame(a, b) {
  return a.color === b.color && a.isBold === b.isBold && a.isDim === b.isDim;
}

/** @param {Run} run */
function trimmed(run) {
  const text = run.text.trimStart();
  return { ...run, x: run.x + run.text.length - text.length, text: text.trimEnd() };
}
