import xterm from '@xterm/headless';
import type { Size } from '../src/terminal/screen/window-size.ts';

/** A terminal as a person sees it: it interprets what programs write and tells what stands on its screen. */
export class VirtualTerminal {
  private readonly terminal: xterm.Terminal;

  constructor({ columns, rows }: Size) {
    this.terminal = new xterm.Terminal({ cols: columns, rows, scrollback: 1000, allowProposedApi: true });
  }

  /** Resolves when all of `text` has had its effect. */
  write(text: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.terminal.write(text, resolve));
  }

  /** As a person who drags the window's corner: long lines wrap anew. */
  resize({ columns, rows }: Size): void {
    this.terminal.resize(columns, rows);
  }

  /** What is to be seen now: the lines down to the last one with characters, without blanks at their ends. */
  get screen(): string[] {
    return this.linesFrom(this.terminal.buffer.active.baseY);
  }

  /** The same, and before it what has scrolled away. */
  get history(): string[] {
    return this.linesFrom(0);
  }

  /** From the left and the top, from 0 on. */
  get cursor(): { readonly x: number; readonly y: number } {
    const { cursorX: x, cursorY: y } = this.terminal.buffer.active;
    return { x, y };
  }

  /** Whether any character on the screen has a colour, is bold or dim. */
  get isStyled(): boolean {
    const { active } = this.terminal.buffer;
    const { cols, rows } = this.terminal;
    for (let y = 0; y < rows; y++) {
      for (let x = 0; x < cols; x++) {
        const cell = active.getLine(active.baseY + y)?.getCell(x);
        if (cell && !cell.isAttributeDefault()) return true;
      }
    }
    return false;
  }

  private linesFrom(first: number): string[] {
    const { active } = this.terminal.buffer;
    const lines = Array.from(
      { length: active.length - first },
      (_, index) => active.getLine(first + index)?.translateToString(true) ?? '',
    );
    return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
  }
}
