import { parseArgs, type ParseArgsConfig } from 'node:util';
import { ArgumentError, nearNames, printable } from '@ecli/core';

/** A flag as a command declares it; its long name is its key in the table. */
export interface FlagDeclaration {
  /** One letter. */
  readonly short?: string;
  /** How help spells the value; a flag without it is on or off. */
  readonly value?: string;
  /** The flag may stand several times, and each value counts. */
  readonly repeatable?: true;
  readonly help: string;
}

export type FlagTable = Readonly<Record<string, FlagDeclaration>>;

/** Flags by the heading under which help lists them. */
export type FlagGroups = Readonly<Record<string, FlagTable>>;

/** What was given for each flag of a table. */
export type FlagValues<Table extends FlagTable> = {
  readonly [Name in keyof Table]: Table[Name] extends { repeatable: true }
    ? readonly string[]
    : Table[Name] extends { value: string }
      ? string | undefined
      : boolean;
};

export interface FlagReading<Table extends FlagTable> {
  readonly flags: FlagValues<Table>;
  readonly operands: readonly string[];
}

type Token = NonNullable<ReturnType<typeof parseArgs<ParseArgsConfig & { tokens: true }>>['tokens']>[number];
type OptionToken = Extract<Token, { kind: 'option' }>;

/**
 * Reads `argv` by `table`. A value may follow as the next word, also one that begins with a dash
 * (`-a -DDEBUG`), or be joined: `--pid=3`, `-p3`, `-p=3`. With `passesOn`, flags end at the first operand and
 * the rest belongs to someone else; `--` ends them always.
 *
 * @throws ARGUMENT_INVALID for an unknown flag, naming the nearest, and for a value that is missing or too much
 */
export function readFlags<Table extends FlagTable>(
  argv: readonly string[],
  table: Table,
  passesOn: boolean,
): FlagReading<Table> {
  const { tokens } = parseArgs({
    args: [...argv],
    options: optionsOf(table),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const end = passesOn ? tokens.findIndex(({ kind }) => kind !== 'option') : -1;
  const own = end < 0 ? tokens : tokens.slice(0, end);
  const given = own.filter((token) => token.kind === 'option');
  for (const token of given) check(token, argv, table);
  return { flags: valuesOf(given, table), operands: operandsOf(tokens, end, argv) };
}

/** All flags of `table` as they are typed, and help's. */
export function namesOf(table: FlagTable): string[] {
  return Object.entries(table).flatMap(([name, { short }]) => [
    ...(short === undefined ? [] : [`-${short}`]),
    `--${name}`,
  ]);
}

function optionsOf(table: FlagTable): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    Object.entries(table).map(([name, { short, value }]) => [
      name,
      { type: value === undefined ? 'boolean' : 'string', ...(short !== undefined && { short }) },
    ]),
  );
}

function check(token: OptionToken, argv: readonly string[], table: FlagTable): void {
  if (!Object.hasOwn(table, token.name)) throw unknown(token, argv, table);
  const takesValue = table[token.name]?.value !== undefined;
  if (takesValue === (token.value !== undefined)) return;
  throw new ArgumentError(
    `${token.rawName}: ${takesValue ? 'a value must follow' : 'takes no value'}`,
    namesOf(table),
  );
}

function unknown(token: OptionToken, argv: readonly string[], table: FlagTable): ArgumentError {
  const known = namesOf(table);
  // `-jsno` reads as a cluster of short flags, and may have been meant as a long one.
  const spelled = argv[token.index]?.split('=', 1)[0] ?? token.rawName;
  const [near] = nearNames(
    spelled,
    known.filter((name) => name.startsWith('--')),
  );
  return new ArgumentError(`${printable(token.rawName)}: unknown flag`, known, {
    hint: near ? `did you mean ${near}?` : `flags: ${known.join(' ')}`,
  });
}

function valuesOf<Table extends FlagTable>(given: readonly OptionToken[], table: Table): FlagValues<Table> {
  const values = Object.entries(table).map(([name, { value, repeatable }]) => {
    const tokens = given.filter((token) => token.name === name);
    if (value === undefined) return [name, tokens.length > 0];
    const texts = tokens.map(textOf);
    return [name, repeatable ? texts : texts.at(-1)];
  });
  // The entries above follow the three cases of FlagValues one by one.
  return Object.fromEntries(values) as FlagValues<Table>;
}

/** parseArgs leaves the `=` of `-p=3` in the value. */
function textOf({ value = '', inlineValue, rawName }: OptionToken): string {
  return inlineValue && !rawName.startsWith('--') ? value.replace(/^=/, '') : value;
}

function operandsOf(tokens: readonly Token[], end: number, argv: readonly string[]): readonly string[] {
  const ending = tokens[end];
  if (!ending) return tokens.flatMap((token) => (token.kind === 'positional' ? [token.value] : []));
  return argv.slice(ending.kind === 'positional' ? ending.index : ending.index + 1);
}
