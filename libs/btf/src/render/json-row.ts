import { RowCode } from './code.ts';
import { layoutOf, type TypeSource } from './layout.ts';
import type { RowRenderer } from './renderer.ts';
import { emitJsonMembers } from './value-code.ts';

/**
 * Compiles the way from a sample of type `typeId` to one line of JSON: an object of the members in declaration
 * order (see layoutOf). Integers are exact, up to 64 bits as numbers and beyond as strings; structs and unions
 * inside begin with `__EUNOMIA_TYPE` and `__EUNOMIA_TYPE_NAME`.
 *
 * @throws PACKAGE_INVALID for a type that can't be shown, OBJECT_INVALID for unsound BTF
 */
export function compileJsonRow(btf: TypeSource, typeId: number): RowRenderer {
  const layout = layoutOf(btf, typeId);
  return new RowCode(layout).compile((code) => {
    code.literal('{');
    emitJsonMembers(code, layout.fields);
    code.literal('}\n');
  });
}
