import { scanTokens, type Token } from './c-scanner.ts';

/** A doc comment, of lines that begin with `///` or of a block that begins with `/**`, without its marks. */
export interface DocComment {
  readonly lines: readonly DocLine[];
}

export interface DocLine {
  readonly text: string;
  /** In the source, from 1. */
  readonly line: number;
}

/** What stands at file scope between two others: a variable, a map, a type, a function. */
export interface Declaration {
  /** The doc comment right above. */
  readonly comment: DocComment | undefined;
  /** Its tokens outside braces, which leave a `{`: no members, no initializer's list, no function's body. */
  readonly head: readonly string[];
  readonly line: number;
}

/** Lists the declarations at file scope, in order. Any text will do: what isn't C gives what it may. */
export function readDeclarations(source: string): Declaration[] {
  const reader = new DeclarationReader();
  for (const token of scanTokens(source)) reader.take(token);
  return reader.declarations;
}

/** The names in `struct NAME {`, at any depth, in order, each once. */
export function definedStructs(source: string): string[] {
  const code = [...scanTokens(source)].filter(({ kind }) => kind !== 'comment' && kind !== 'directive');
  const tokens = withoutAttributes(code.map(({ text }) => text));
  const names = tokens.filter((_, index) => tokens[index - 1] === 'struct' && tokens[index + 1] === '{');
  return [...new Set(names.filter(isIdentifier))];
}

/** The name of the struct that a declaration defines or names first; undefined for an anonymous one. */
export function structName({ head }: Declaration): string | undefined {
  const tokens = withoutAttributes(head);
  const name = tokens[tokens.indexOf('struct') + 1];
  return tokens.includes('struct') && name !== undefined && isIdentifier(name) ? name : undefined;
}

class DeclarationReader {
  readonly declarations: Declaration[] = [];
  private comment: DocComment | undefined;
  private commentEnd = 0;
  private lastLine = 0;
  private head: string[] = [];
  private line = 0;
  private depth = 0;
  private inBody = false;
  /** Depths at each `#if` that is open: its branches begin at the same depth. */
  private readonly branches: number[] = [];

  take(token: Token): void {
    if (token.kind === 'directive') this.takeDirective(token.text);
    else if (token.kind === 'comment') this.takeComment(token);
    else this.takeCode(token);
  }

  private takeDirective(text: string): void {
    const [, name = ''] = /^#\s*(\w*)/.exec(text) ?? [];
    if (name.startsWith('if')) this.branches.push(this.depth);
    else if (name.startsWith('el')) this.depth = this.branches.at(-1) ?? this.depth;
    else if (name === 'endif') this.branches.pop();
    if (this.head.length === 0) this.comment = undefined;
  }

  private takeComment(token: Token): void {
    const isAfterCode = token.line === this.lastLine;
    const lines = docLines(token);
    if (!lines || isAfterCode || this.depth > 0) return;
    // Between SEC(…) and a function's name stands a second comment on the same function.
    const continues = this.head.length > 0 || token.line === this.commentEnd + 1;
    this.comment = { lines: [...(continues ? (this.comment?.lines ?? []) : []), ...lines] };
    this.commentEnd = token.endLine;
  }

  private takeCode({ text, line, endLine }: Token): void {
    this.lastLine = endLine;
    if (text === '{') return this.open();
    if (text === '}') return this.close();
    if (this.depth > 0) return;
    if (text === ';') return this.finish();
    if (this.head.length === 0) this.line = line;
    this.head.push(text);
  }

  private open(): void {
    if (this.depth === 0) {
      this.inBody = opensBody(this.head);
      this.head.push('{');
    }
    this.depth++;
  }

  private close(): void {
    this.depth = Math.max(0, this.depth - 1);
    if (this.depth === 0 && this.inBody) this.finish();
  }

  private finish(): void {
    this.inBody = false;
    const { comment, head, line } = this;
    if (head.length > 0) this.declarations.push({ comment, head, line });
    this.comment = undefined;
    this.head = [];
  }
}

const AGGREGATES = ['struct', 'union', 'enum'];

/** Tells a function's body from the members of a type and from an initializer, by what stands before it. */
function opensBody(head: readonly string[]): boolean {
  const tokens = withoutAttributes(head);
  const isMembers = [tokens.at(-1), tokens.at(-2)].some((token) => AGGREGATES.includes(token ?? ''));
  return !isMembers && !tokens.includes('=');
}

/** Leaves out each `__attribute__((…))`. */
function withoutAttributes(tokens: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index] ?? '';
    if (token === '__attribute__') index = closingParenthesis(tokens, index + 1);
    else kept.push(token);
  }
  return kept;
}

function closingParenthesis(tokens: readonly string[], start: number): number {
  let depth = 0;
  for (let index = start; index < tokens.length; index++) {
    if (tokens[index] === '(') depth++;
    if (tokens[index] === ')') depth--;
    if (depth <= 0) return index;
  }
  return tokens.length;
}

function isIdentifier(token: string): boolean {
  return /^[\p{ID_Start}_$]/u.test(token);
}

/** The lines of a doc comment; undefined for other comments, rulers (`////`) and comments on what is before. */
function docLines({ text, line }: Token): DocLine[] | undefined {
  if (/^\/\/\/(?![/<])/.test(text)) return [{ text: text.slice(3).trim(), line }];
  if (!/^\/\*\*(?![*/<])/.test(text)) return undefined;
  const lines = text.slice(3).replace(/\*\/$/, '').split('\n');
  return lines.map((each, index) => ({ text: each.replace(/^\s*\*/, '').trim(), line: line + index }));
}
