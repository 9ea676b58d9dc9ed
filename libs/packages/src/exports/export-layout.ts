import { type Btf, type Layout, layoutOf, layoutOfMembers } from '@ecli/btf';
import type { BufferExport, NamedMap } from './export-plan.ts';

/**
 * Lays out what the samples of a buffer are.
 *
 * @throws PACKAGE_INVALID naming the member that can't be shown
 */
export function sampleLayout({ type }: Pick<BufferExport<NamedMap>, 'type'>, btf: Btf): Layout {
  if ('id' in type) return layoutOf(btf, type.id);
  const members = type.members.map(({ name, offset, btf_type_id: typeId }) => ({ name, offset, typeId }));
  return layoutOfMembers(btf, type, members);
}
