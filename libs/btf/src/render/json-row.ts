import { RowCode } from './code.ts';
import type { Layout } from './layout.ts';
import type { RowRenderer } from './renderer.ts';
import { emitJsonMembers } from './value-code.ts';

/**
 * Compiles the way from a sample laid out as `layout` to one line of JSON: an object of its fields, in order. Integers are exact, up to 64 bits as numbers and beyond as strings; structs and unions
 * inside begin with `__EUNOMIA_TYPE` and `__EUNOMIA_TYPE_NAME`.
 *
 * @throws PACKAGE_INVALID where a row could grow past all measure
 */
export function compileJsonRow(layout: Layout): RowRenderer {
  return new RowCode(layout).compile((code) => {
    code.literal('{');
    emitJsonMembers(code, layout.fields);
    code.literal('}\n');
  });
}
