import { ArgumentError, listed, nearNames, printable } from '@ecli/core';
import { fieldAt } from '../render/field-path.ts';
import type { CompositeShape, Field, Layout, RecordShape, Shape } from '../render/layout.ts';

/**
 * Finds the member that `path` leads to, as fieldAt does. A path that begins with no member of the sample may leave
 * out what comes before it where only one struct inside has such a member: `count` for `value.count`.
 *
 * @throws ArgumentError where it leads nowhere, or to several members
 */
export function memberAt(layout: Layout, path: string): Field {
  const [first = ''] = /^[^.[]*/.exec(path) ?? [];
  const [prefix, ...others] = prefixesOf(layout.fields, '', first);
  if (prefix === undefined) return unknownMember(layout, path);
  if (others.length === 0) return fieldAt(layout, prefix + path);
  const choices = [prefix, ...others].map((each) => each + path);
  throw new ArgumentError(`${printable(path)}: several members of ${layout.spelling} end so`, choices, {
    hint: `one of: ${listed(choices)}`,
  });
}

/** A name that is nearly one of a struct inside is likely that: whole paths may be too long to be near. */
function unknownMember(layout: Layout, path: string): Field {
  const near = nearNames(path, innerNames(layout.fields));
  try {
    return fieldAt(layout, path);
  } catch (error) {
    if (!(error instanceof ArgumentError) || near.length === 0) throw error;
    const hint = `did you mean ${near.map(printable).join(' or ')}?`;
    throw new ArgumentError(error.message, error.known, { hint, cause: error });
  }
}

function innerNames(fields: readonly Field[]): Set<string> {
  return new Set(
    fields.flatMap(({ name, shape }) => [name, ...(isStruct(shape) ? innerNames(shape.fields) : [])]),
  );
}

function isStruct(shape: Shape): shape is CompositeShape | RecordShape {
  return shape.kind === 'struct' || shape.kind === 'record';
}

/** What leads to the structs at any depth, but not in unions or arrays, that have a member `name`. */
function prefixesOf(fields: readonly Field[], prefix: string, name: string): string[] {
  if (fields.some((field) => field.name === name)) return [prefix];
  return fields.flatMap(({ name: holder, shape }) =>
    isStruct(shape) ? prefixesOf(shape.fields, `${prefix}${holder}.`, name) : [],
  );
}

/** What a value is, in words. */
export function described({ kind }: Shape): string {
  switch (kind) {
    case 'bool':
      return 'true or false';
    case 'float':
      return 'a floating-point number';
    case 'string':
      return 'text';
    case 'record':
      return 'a struct';
    case 'struct':
    case 'union':
      return `a ${kind}`;
    case 'array':
    case 'enum':
    case 'integer':
      return `an ${kind}`;
  }
}
