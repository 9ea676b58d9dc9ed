import { isDeepStrictEqual } from 'node:util';
import {
  applyEdits,
  type FormattingOptions,
  type JSONPath,
  modify,
  type ParseError,
  visit,
} from 'jsonc-parser';

/** A place in a text, both counted from 1; `column` counts UTF-16 units, as editors do. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** Finds where `text` stops being JSON; undefined where that can't be told. */
export function locateSyntaxError(text: string): TextPosition | undefined {
  const errors: Pick<ParseError, 'offset'>[] = [];
  try {
    visit(text, { onError: (_, offset) => void errors.push({ offset }) }, { disallowComments: true });
  } catch {
    return undefined; // nested too deeply for a recursion
  }
  const [first] = errors;
  if (!first) return undefined;
  const before = text.slice(0, first.offset);
  return { line: before.split('\n').length, column: first.offset - before.lastIndexOf('\n') };
}

/** Puts `entry` under `key` of `auths` in a configuration; all else in it stays as it is written. */
export function withEntry(text: string, key: string, entry: object): string {
  return edit(text, [{ path: ['auths', key], value: entry }]);
}

/** Takes the entries of `keys` out of `auths`; all else stays as it is written. */
export function withoutEntries(text: string, keys: readonly string[]): string {
  return edit(
    text,
    keys.map((key) => ({ path: ['auths', key], value: undefined })),
  );
}

interface Change {
  readonly path: JSONPath;
  readonly value: unknown;
}

/** Where the text has members of one name twice, edits may meet the wrong one: then it is laid out anew. */
function edit(text: string, changes: readonly Change[]): string {
  const empty = text.trim() === '' ? '{}' : text;
  const root = JSON.parse(empty) as Json;
  const wanted = changes.reduce(changed, root);
  const edited = tryEdits(empty, changes);
  const isRight = edited !== undefined && isDeepStrictEqual(JSON.parse(edited), wanted);
  return isRight ? edited : JSON.stringify(wanted, null, '\t');
}

/** Undefined where something else than an object stands in the way, such as null. */
function tryEdits(text: string, changes: readonly Change[]): string | undefined {
  try {
    return changes.reduce(applied, text);
  } catch {
    return undefined;
  }
}

function applied(text: string, { path, value }: Change): string {
  return applyEdits(text, modify(text, path, value, { formattingOptions: formatOf(text) }));
}

/** As the file is indented; by a tab, as docker does it, where it isn't. */
function formatOf(text: string): FormattingOptions {
  const [, spaces = ''] = /^( +)"/m.exec(text) ?? [];
  return { insertSpaces: spaces !== '', tabSize: Math.max(1, spaces.length), eol: '\n' };
}

type Json = Readonly<Record<string, unknown>>;

function changed(root: Json, { path: [name, key], value }: Change): Json {
  const members = Object.entries((root[String(name)] ?? {}) as Json).filter(([other]) => other !== key);
  const all = value === undefined ? members : [...members, [String(key), value] as const];
  return { ...root, [String(name)]: Object.fromEntries(all) };
}
