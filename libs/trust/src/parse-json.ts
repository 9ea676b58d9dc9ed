import type { Complain } from './json-value.ts';

/** Nobody nests what is read here deeper; JSON.parse and what follows it would fail on the stack. */
const DEEPEST = 64;

/**
 * Parses JSON that no other reader could take for something else: a name stands once in an object, since of two
 * some readers take the first and some the last, and the text is UTF-8.
 */
export function parseJson(content: Uint8Array, complain: Complain): unknown {
  const text = decode(content, complain);
  if (!isNestedAtMost(text, DEEPEST)) throw complain(`nested deeper than ${DEEPEST} levels`);
  const value = parse(text, complain);
  const twice = findDuplicate(text);
  if (twice !== undefined) throw complain(`${JSON.stringify(twice)} stands there twice`);
  return value;
}

function decode(content: Uint8Array, complain: Complain): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw complain('not UTF-8');
  }
}

function parse(text: string, complain: Complain): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // `Unexpected token } in JSON at position 12`, with line breaks where it quotes the text.
    const reason = error instanceof Error ? error.message.replace(/\s+/g, ' ') : '';
    throw complain(`not JSON: ${reason}`);
  }
}

/**
 * Strings, and the punctuation that makes objects and arrays. A string that does not end is one too: looking for an
 * end again from each quote in it would take minutes.
 */
const TOKEN = /"(?:[^"\\]|\\.)*"?|[{}[\]:,]/gs;

function isNestedAtMost(text: string, deepest: number): boolean {
  let depth = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') depth++;
    else if (token === '}' || token === ']') depth--;
    if (depth > deepest) return false;
  }
  return true;
}

/** Finds a name that an object of `text`, which is valid JSON, has twice. */
function findDuplicate(text: string): string | undefined {
  /** The names of each object around the place where we are; an array has none. */
  const open: (Set<string> | undefined)[] = [];
  let last = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (token === ':') {
      const name = JSON.parse(last) as string;
      const names = open.at(-1);
      if (names?.has(name)) return name;
      names?.add(name);
    }
    last = token;
  }
  return undefined;
}
