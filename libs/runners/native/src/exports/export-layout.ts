import { type Btf, type Layout, layoutOf } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import type { ExportPlan } from './export-plan.ts';

/**
 * Lays out what an export's samples are.
 *
 * @throws PACKAGE_INVALID naming the member that can't be shown
 */
export function exportLayout({ kind, map, type }: ExportPlan, btf: Btf): Layout {
  if (kind !== 'sampled' && 'id' in type) return layoutOf(btf, type.id);
  throw new EcliError('FEATURE_UNSUPPORTED', `map ${printable(map.name)}: can't be shown yet`);
}
