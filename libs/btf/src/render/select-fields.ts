import { fieldAt, unwrapped } from './field-path.ts';
import type { Field, Layout } from './layout.ts';

/**
 * Makes a layout of the members that `paths` lead to, in that order and named by the paths. Of an entry it is
 * no entry any more: its rows are like those of events.
 *
 * @throws ArgumentError with near names where a path leads nowhere
 */
export function selectFields({ spelling, size, ...layout }: Layout, paths: readonly string[]): Layout {
  const chosen = Array.from(new Set(paths));
  return { spelling, size, fields: chosen.map((path) => fieldAt({ spelling, size, ...layout }, path)) };
}

/** Makes of an entry what has columns: `key.pid`, `value.count`, or `key` and `value` where those are no structs. */
export function flattened(layout: Layout): Layout {
  if (layout.isEntry !== true) return layout;
  const { spelling, size } = layout;
  return { spelling, size, fields: layout.fields.flatMap(flattenedField) };
}

function flattenedField(field: Field): readonly Field[] {
  const shape = unwrapped(field.shape);
  if (shape.kind !== 'record') return [{ ...field, shape }];
  return shape.fields.map((inner) => ({
    ...inner,
    name: `${field.name}.${inner.name}`,
    bitOffset: field.bitOffset + inner.bitOffset,
  }));
}
