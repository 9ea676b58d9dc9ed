import { ArgumentError, listed, nearNames, printable } from '@ecli/core';
import type { Field, Layout, Shape } from './layout.ts';

/** Names that errors are made from; a type may have more members than anyone reads. */
const MOST_PATHS = 1_000;
const LONGEST_PREFIX = 200;
const INDEX = /^\[(\d{1,9})\]/;

/**
 * Finds the member that `path` leads to: `pid`, `peer.port`, `args[1]`, `key.pid`. It is named by the path as
 * written, and lies where it does in the sample. `key`, `value` and the elements of per-CPU values that are no
 * structs stand for the scalar, array or union that they are.
 *
 * @throws ArgumentError with near names where it leads nowhere
 */
export function fieldAt(layout: Layout, path: string): Field {
  const found = follow(layout.fields, path, 0);
  if (!found) throw unknownField(layout, path);
  return { ...found, name: path, shape: unwrapped(found.shape) };
}

/** What a record holds that is no struct; also of each CPU. */
export function unwrapped(shape: Shape): Shape {
  if (shape.kind === 'record' && shape.isLone) return shape.fields[0]?.shape ?? shape;
  if (shape.kind === 'array' && shape.element.kind === 'record' && shape.element.isLone) {
    return { ...shape, element: unwrapped(shape.element), height: shape.height - 1 };
  }
  return shape;
}

/** Names may themselves have dots or brackets (`int[3]` of a lone array), so the longest that fits counts. */
function follow(fields: readonly Field[], path: string, bitOffset: number): Field | undefined {
  const field = fields
    .filter(({ name }) => path === name || path.startsWith(`${name}.`) || path.startsWith(`${name}[`))
    .reduce<Field | undefined>(
      (best, next) => (best && best.name.length >= next.name.length ? best : next),
      undefined,
    );
  if (!field) return undefined;
  return enter({ ...field, bitOffset: field.bitOffset + bitOffset }, path.slice(field.name.length));
}

/** Goes on from `field` by `rest`, which is empty or begins with a dot or a bracket. */
function enter(field: Field, rest: string): Field | undefined {
  if (rest === '') return field;
  const { shape, bitOffset } = field;
  if (rest.startsWith('.'))
    return 'fields' in shape ? follow(shape.fields, rest.slice(1), bitOffset) : undefined;
  const array = shape.kind === 'record' ? unwrapped(shape) : shape;
  const [brackets, index] = INDEX.exec(rest) ?? [];
  if (array.kind !== 'array' || brackets === undefined || Number(index) >= array.length) return undefined;
  const at = bitOffset + Number(index) * array.stride * 8;
  return enter(
    { name: field.name, shape: array.element, bitOffset: at, bitSize: 0 },
    rest.slice(brackets.length),
  );
}

function unknownField(layout: Layout, path: string): ArgumentError {
  const known = memberPaths(layout);
  const near = nearNames(path, known);
  const hint = near.length > 0 ? `did you mean ${near.map(printable).join(' or ')}? ` : '';
  return new ArgumentError(`${printable(path)}: ${layout.spelling} has no such member`, known, {
    hint: `${hint}members: ${listed(known)}`,
  });
}

/** Paths to members, those of structs inside included, as many as anyone reads. */
function memberPaths({ fields }: Layout): string[] {
  const paths: string[] = [];
  for (const path of pathsOf(fields, '')) {
    if (paths.length === MOST_PATHS) break;
    paths.push(path);
  }
  return paths;
}

function* pathsOf(fields: readonly Field[], prefix: string): Generator<string> {
  if (prefix.length > LONGEST_PREFIX) return;
  for (const { name, shape } of fields) {
    yield prefix + name;
    const inner = unwrapped(shape);
    if ('fields' in inner) yield* pathsOf(inner.fields, `${prefix}${name}.`);
  }
}
