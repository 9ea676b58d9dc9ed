import { ArgumentError, EcliError, nearNames, printable } from '@ecli/core';
import type { AttachRequest } from '../attachment.ts';

/** The user's word for a place, taken apart: `eth0:egress,priority=2`. */
export interface PlaceTarget {
  /** What stands before the first colon or comma; empty where the package's place stays. */
  readonly place: string;
  /** What follows the colon; interfaces' names have none. */
  readonly word: string | undefined;
  readonly options: ReadonlyMap<string, string>;
}

/**
 * Reads `PLACE[:WORD][,OPTION[=VALUE]]…`; all of it may be left out.
 *
 * @throws ARGUMENT_INVALID for a word or an option that isn't among those named
 */
export function parseTarget(
  request: AttachRequest,
  takes: { readonly words?: readonly string[]; readonly options?: readonly string[] } = {},
): PlaceTarget {
  const { words = [], options: known = [] } = takes;
  const [head = '', ...rest] = (request.asked ?? '').split(',');
  const colon = head.indexOf(':');
  const place = colon < 0 ? head : head.slice(0, colon);
  const word = colon < 0 ? undefined : head.slice(colon + 1);
  if (word !== undefined) expectKnown(request, word, words);
  const options = new Map(rest.map((each) => splitOption(each)));
  for (const name of options.keys()) expectKnown(request, name, known);
  return { place, word, options };
}

function splitOption(text: string): readonly [string, string] {
  const equals = text.indexOf('=');
  return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
}

function expectKnown(request: AttachRequest, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  const near = nearNames(name, known);
  throw targetError(request, `${printable(name)} is not known here`, hintOf(near, known));
}

function hintOf(near: readonly string[], known: readonly string[]): string {
  if (near.length > 0) return `did you mean ${near.join(' or ')}?`;
  return known.length > 0 ? `known are ${known.join(', ')}` : 'nothing follows the place here';
}

/**
 * Reads the number of an option, decimal or with 0x; `otherwise` where it isn't given.
 *
 * @throws ARGUMENT_INVALID when it is no whole number from `least` to `most`
 */
export function numberOption(
  request: AttachRequest,
  { options }: PlaceTarget,
  name: string,
  { otherwise, least, most }: { readonly otherwise: number; readonly least: number; readonly most: number },
): number {
  const text = options.get(name);
  if (text === undefined) return otherwise;
  const value = /^-?(?:\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : NaN;
  if (value >= least && value <= most) return value;
  throw targetError(request, `${name} ${printable(text)} is no whole number from ${least} to ${most}`);
}

/** The error of a place that the user named and that makes no sense. */
export function targetError(
  { program, asked = '' }: AttachRequest,
  message: string,
  hint?: string,
): EcliError {
  const argument = `--attach ${printable(program.name)}=${printable(asked)}`;
  return new EcliError('ARGUMENT_INVALID', `${argument}: ${message}`, hint === undefined ? {} : { hint });
}

/** The error of a program that neither its section nor its package says enough about. */
export function targetNeeded({ program }: AttachRequest, needs: string, example: string): ArgumentError {
  const { name, section } = program;
  const message = `program ${printable(name)} (${printable(section)}): to attach it takes ${needs}`;
  return new ArgumentError(message, [], { hint: `say it: --attach ${printable(name)}=${example}` });
}
