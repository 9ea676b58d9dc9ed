/** What a person has made of a line so far: still at it, done, or away from it. */
export type LineState =
  | { readonly kind: 'open' }
  | { readonly kind: 'line'; readonly text: string; readonly rest: string }
  | { readonly kind: 'end' }
  | { readonly kind: 'interrupt' };

const OPEN: LineState = { kind: 'open' };

/** Control characters that a terminal sends for keys, and its driver acts on where it isn't raw (termios(3)). */
const Key = {
  interrupt: '\x03',
  end: '\x04',
  backspace: '\b',
  newline: '\n',
  enter: '\r',
  eraseLine: '\x15',
  eraseWord: '\x17',
  escape: '\x1b',
  erase: '\x7f',
} as const;

/** `ESC [ 1 ; 5 C` and `ESC O P`: keys that move, for which there is nothing to see. */
const ESCAPE_SEQUENCE = /^\x1b(?:\[[0-?]*[ -/]*[@-~]|O[@-~])/; // eslint-disable-line no-control-regex
const BEGUN_SEQUENCE = /^\x1b(?:\[[0-?]*[ -/]*|O)?$/; // eslint-disable-line no-control-regex

/**
 * Edits one line that nobody is to see, for a terminal in raw mode: what its driver does otherwise, without the echo.
 */
export class LineEditor {
  private characters: string[] = [];
  private pending = '';

  /** Takes what was typed. After a line, `rest` is what was typed ahead. */
  feed(text: string): LineState {
    this.pending += text;
    while (this.pending !== '') {
      const [sequence] = ESCAPE_SEQUENCE.exec(this.pending) ?? [];
      if (sequence === undefined && BEGUN_SEQUENCE.test(this.pending)) return OPEN;
      const character = sequence ?? String.fromCodePoint(this.pending.codePointAt(0) ?? 0);
      this.pending = this.pending.slice(character.length);
      const state = this.take(character);
      if (state.kind !== 'open') return state;
    }
    return OPEN;
  }

  private take(character: string): LineState {
    switch (character) {
      case Key.enter:
      case Key.newline:
        return { kind: 'line', text: this.characters.join(''), rest: this.pending };
      case Key.interrupt:
        return { kind: 'interrupt' };
      case Key.end:
        return this.characters.length === 0 ? { kind: 'end' } : OPEN;
      case Key.backspace:
      case Key.erase:
        this.characters.pop();
        return OPEN;
      case Key.eraseLine:
      case Key.eraseWord:
        this.characters = [];
        return OPEN;
    }
    // Also of longer sequences, so that no key gets into a password that nobody sees.
    if (character >= ' ' && !character.startsWith(Key.escape)) this.characters.push(character);
    return OPEN;
  }
}
