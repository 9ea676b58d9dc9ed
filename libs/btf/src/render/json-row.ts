import { RowCode } from './code.ts';
import { jsonText } from './escapes.ts';
import { PLAIN_JSON } from './json-dialect.ts';
import type { Layout } from './layout.ts';
import type { RowOptions, StampedRowRenderer } from './renderer.ts';
import { LONGEST_STAMP, Stamp } from './stamp.ts';
import { emitJsonMembers } from './value-code.ts';

/**
 * Compiles the way from a sample laid out as `layout` to one line of JSON: an object of its fields, in order, which
 * for an entry of a map are `key` and `value`. Integers are exact, up to 64 bits as numbers and beyond as strings;
 * structs and unions inside begin with `__EUNOMIA_TYPE` and `__EUNOMIA_TYPE_NAME`. With a map's name, the line is an
 * object whose only member, of that name, is this object.
 *
 * @throws PACKAGE_INVALID where a row could grow past all measure
 */
export function compileJsonRow(
  layout: Layout,
  { map, timestamp = false }: RowOptions = {},
): StampedRowRenderer {
  const stamp = new Stamp();
  const renderer = new RowCode(layout, PLAIN_JSON).compile((code) => {
    code.literal(map === undefined ? '{' : `{${jsonText(map)}:{`);
    if (timestamp) {
      code.literal('"timestamp":"');
      code.stored(stamp, LONGEST_STAMP);
      code.literal(layout.fields.length > 0 ? '",' : '"');
    }
    emitJsonMembers(code, layout.fields);
    code.literal(map === undefined ? '}\n' : '}}\n');
  });
  return { ...renderer, setTimestamp: (text) => stamp.set(text) };
}
