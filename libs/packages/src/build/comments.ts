import { EcliError, printable } from '@ecli/core';
import { type Decoder, ShapeError } from '../decoder.ts';
import { locateSyntaxError, parseExactJson } from '../json-syntax.ts';
import { mapMeta, packageDoc, programMeta, variableMeta } from '../meta-decoder.ts';
import type { TerseSkeleton } from '../skeleton.ts';
import {
  type Declaration,
  type DocComment,
  type DocLine,
  readDeclarations,
  structName,
} from './declarations.ts';

/** A C source as messages and comments need it. */
export interface SourceText {
  /** As the user wrote it. */
  readonly name: string;
  readonly text: string;
}

type Keys = Readonly<Record<string, unknown>>;

/**
 * Adds what the source's doc comments say to a skeleton: `@word text` above a variable, a map or a program
 * sets its key `word`, and text without a command its `description`; what stands above the license is the
 * package's `doc`.
 *
 * @throws BUILD_FAILED naming file and line of a comment that is not what its command takes
 */
export function addCommentKeys(
  skeleton: TerseSkeleton,
  source: SourceText,
): TerseSkeleton & { readonly doc?: object } {
  const declarations = readDeclarations(source.text).filter(({ comment }) => comment !== undefined);
  const names = namesIn(skeleton);
  // Of several with one name the first counts, which a Map made from the last to the first keeps.
  const byName = new Map(declarations.toReversed().map((each) => [declaredName(each, names), each]));
  const keysOf = <T extends object>(name: string, known: T, decoder: Decoder<unknown>): T => {
    const declaration = byName.get(name);
    return declaration ? { ...known, ...checkedKeys(declaration, known, decoder, source) } : known;
  };
  const doc = declarations.find(isLicense);
  return {
    ...skeleton,
    data_sections: skeleton.data_sections.map((section) => ({
      ...section,
      variables: section.variables.map((variable) => keysOf(variable.name, variable, variableMeta)),
    })),
    maps: skeleton.maps.map((map) => (map.mmaped ? map : keysOf(map.name, map, mapMeta))),
    progs: skeleton.progs.map((program) => keysOf(program.name, program, programMeta)),
    ...(doc && { doc: checkedKeys(doc, {}, packageDoc, source) }),
  };
}

/**
 * The structs with `@export` above them, in order.
 *
 * @throws BUILD_FAILED for one without a name
 */
export function exportedStructs({ name, text }: SourceText): string[] {
  const exported = readDeclarations(text).filter(({ comment }) =>
    comment?.lines.some((line) => commandIn(line)?.word === 'export'),
  );
  return exported.map((declaration) => {
    const struct = structName(declaration);
    if (struct !== undefined) return struct;
    throw failed(name, declaration.line, '@export is for a struct with a name', {
      hint: 'write: /// @export\n       struct NAME { … };',
    });
  });
}

function namesIn({ data_sections, maps, progs }: TerseSkeleton): ReadonlySet<string> {
  const variables = data_sections.flatMap((section) => section.variables);
  return new Set([...variables, ...maps, ...progs].map(({ name }) => name));
}

/** The first name in a declaration that the object knows: macros such as BPF_PROG stand before a function's. */
function declaredName({ head }: Declaration, known: ReadonlySet<string>): string | undefined {
  return head.find((token) => known.has(token));
}

function isLicense({ head }: Declaration): boolean {
  return head.includes('LICENSE') || head.includes('"license"');
}

/** What the compiler says of an entry, which no comment can change. */
const FIXED = ['name', 'type', 'ident', 'mmaped', 'attach'];

function checkedKeys(
  { comment, line }: Declaration,
  known: object,
  decoder: Decoder<unknown>,
  source: SourceText,
): Keys {
  const keys = comment ? readKeys(comment, source) : {};
  const fixed = FIXED.find((key) => key in keys);
  if (fixed !== undefined) throw failed(source.name, line, `@${fixed} is not for comments to say`);
  try {
    decoder({ ...known, ...keys }, '');
    return keys;
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw failed(source.name, comment?.lines[0]?.line ?? line, `@${error.message}`, { cause: error });
  }
}

/** Keys whose values are text, whatever they look like. */
const TEXT_KEYS = ['description', 'brief', 'details', 'version'];

function readKeys(comment: DocComment, source: SourceText): Keys {
  const keys = new Map<string, unknown>();
  for (const command of readCommands(comment)) {
    const value = valueOf(command, source);
    if (value !== undefined) keys.set(command.word, merged(keys.get(command.word), value));
  }
  return Object.fromEntries(keys);
}

/** Said twice, objects add up, and text goes on. */
function merged(before: unknown, value: unknown): unknown {
  if (isObject(before) && isObject(value)) return { ...before, ...value };
  if (typeof before === 'string' && typeof value === 'string') return `${before} ${value}`;
  return value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Command {
  readonly word: string;
  readonly text: string;
  readonly line: number;
}

/**
 * A command's text goes on until the next command, an empty line, or the end of a JSON value; inside JSON, empty
 * lines don't count.
 */
function readCommands({ lines }: DocComment): Command[] {
  const commands: Command[] = [];
  let current: Command | undefined;
  for (const line of lines) {
    const ends = line.text === '' && !(current && isUnfinishedJson(current.text));
    const next = commandIn(line) ?? continued(current, line);
    if (current && (ends || next.line !== current.line)) commands.push(current);
    current = ends ? undefined : next;
  }
  return current ? [...commands, current] : commands;
}

function commandIn({ text, line }: DocLine): Command | undefined {
  const [, word, rest = ''] = /^@([A-Za-z_]\w*)(?:\s+(.*))?$/.exec(text) ?? [];
  return word === undefined ? undefined : { word, text: rest, line };
}

function continued(command: Command | undefined, { text, line }: DocLine): Command {
  if (!command || isJson(command)) return { word: 'description', text, line };
  const separator = command.text.startsWith('{') ? '\n' : ' ';
  return { ...command, text: command.text === '' ? text : `${command.text}${separator}${text}` };
}

function isJson({ word, text }: Command): boolean {
  return !TEXT_KEYS.includes(word) && text !== '' && locateSyntaxError(text) === undefined;
}

function isUnfinishedJson(text: string): boolean {
  return text.startsWith('{') && locateSyntaxError(text) !== undefined;
}

function valueOf({ word, text, line }: Command, source: SourceText): unknown {
  if (TEXT_KEYS.includes(word)) return text === '' ? undefined : text;
  if (text === '') return true;
  try {
    return parseExactJson(text);
  } catch (cause) {
    const position = locateSyntaxError(text);
    if (!text.startsWith('{') || !position) return text;
    const start = text.split('\n')[position.line - 1]?.slice(position.column - 1) ?? '';
    const problem = start === '' ? 'its JSON is not complete' : `its JSON breaks at ${start}`;
    throw failed(source.name, line + position.line - 1, `@${word}: ${problem}`, { cause });
  }
}

function failed(
  name: string,
  line: number,
  problem: string,
  options: { hint?: string; cause?: unknown } = {},
): EcliError {
  return new EcliError('BUILD_FAILED', `${printable(name)}:${line}: ${printable(problem)}`, options);
}
