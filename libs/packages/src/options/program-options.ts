import { EcliError, printable } from '@ecli/core';
import type { CommandArgument } from '../meta.ts';
import { argumentType, type ArgumentType, spelling, type TypeLookup } from './argument-types.ts';
import type { Variable, VariableValue } from './variables.ts';

/** One option of a program: a variable that can be set before load. */
export interface ProgramOption {
  readonly variable: Variable;
  /** Without its dashes; empty when another option has all its names. */
  readonly long: string;
  /** One character. */
  readonly short?: string;
  readonly help?: string;
  /** The C type as it is spelled. */
  readonly typeName: string;
  /** Undefined when a variable of this type can't be given. */
  readonly type?: ArgumentType;
  /** For a flag: the value it stands for when none is written. */
  readonly sets: boolean;
}

/**
 * Makes the options from the variables of all data sections. A name that is taken already is passed over, and
 * so is `help`, which every program has.
 */
export function programOptions(variables: readonly Variable[], btf: TypeLookup): readonly ProgramOption[] {
  const taken = new Set(['--help']);
  return variables.map((variable) => programOption(variable, btf, taken));
}

function programOption(variable: Variable, btf: TypeLookup, taken: Set<string>): ProgramOption {
  const { cmdarg = {}, description } = variable.meta;
  const type = argumentType(btf, variable.type);
  const byDefault = type?.flag ? defaultFlag(cmdarg) : undefined;
  const long = claim(taken, [withoutDashes(cmdarg.long), flagName(variable.name, byDefault)]) ?? '';
  const short = claim(taken, [shortName(cmdarg.short)], '-');
  const help = cmdarg.help ?? description;
  return {
    variable,
    long,
    typeName: spelling(btf, variable.type),
    sets: byDefault !== true,
    ...(short === undefined ? {} : { short }),
    ...(help === undefined ? {} : { help }),
    ...(type === undefined ? {} : { type }),
  };
}

function defaultFlag({ default: value }: CommandArgument): boolean | undefined {
  if (value === undefined || value === null) return undefined;
  return value === true || value === 'true' || value === 1;
}

function flagName(name: string, byDefault: boolean | undefined): string {
  if (byDefault === undefined) return name;
  return byDefault ? `disable-${name}` : `enable-${name}`;
}

function withoutDashes(name: string | undefined): string | undefined {
  const bare = name?.replace(/^-+/, '');
  return bare === '' ? undefined : bare;
}

function shortName(name: string | undefined): string | undefined {
  const characters = Array.from(withoutDashes(name) ?? '');
  return characters.length === 1 ? characters[0] : undefined;
}

function claim(
  taken: Set<string>,
  names: readonly (string | undefined)[],
  prefix = '--',
): string | undefined {
  const name = names.find((candidate) => candidate !== undefined && !taken.has(prefix + candidate));
  if (name !== undefined) taken.add(prefix + name);
  return name;
}

/**
 * The values that the package itself states: a variable's `value`, and over it its argument's `default`.
 *
 * @throws PACKAGE_INVALID when one doesn't fit its variable
 */
export function statedValues(options: readonly ProgramOption[]): readonly VariableValue[] {
  return options.flatMap((option) => {
    const stated = option.variable.meta.cmdarg?.default ?? option.variable.meta.value ?? undefined;
    return stated === undefined ? [] : [{ variable: option.variable, bytes: statedBytes(option, stated) }];
  });
}

function statedBytes(option: ProgramOption, stated: unknown): Uint8Array {
  const name = printable(option.variable.name);
  const text = valueText(stated);
  if (!option.type || text === undefined) {
    throw new EcliError(
      'PACKAGE_INVALID',
      `${name}: the package states a value that isn't of type ${option.typeName}`,
    );
  }
  return option.type.encode(text, (reason) => {
    throw new EcliError('PACKAGE_INVALID', `${name}: the value that the package states, ${reason}`);
  });
}

/** The digits as they stood in the package; from 10^21 on JavaScript writes an exponent, which no integer type reads. */
function numberText(value: number): string {
  return Math.abs(value) >= 1e21 && Number.isInteger(value) ? String(BigInt(value)) : String(value);
}

/** Spells a JSON value as a user would on the command line. */
function valueText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') return numberText(value);
  if (!Array.isArray(value)) return undefined;
  const texts = value.map(valueText);
  return texts.includes(undefined) ? undefined : texts.join(',');
}
