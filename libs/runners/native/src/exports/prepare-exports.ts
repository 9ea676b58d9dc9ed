import type { BpfMap } from '@ecli/bpf';
import { ArgumentError, type LoadSpec, printable } from '@ecli/core';
import type { ExportPlan } from '@ecli/packages';
import type { MapColumn } from '../rows/map-column.ts';
import type { ExportContext, PreparedExport } from './prepared-export.ts';

/**
 * Compiles what turns each export's samples into output, so that whatever can't be shown is known before the kernel
 * is touched.
 *
 * @throws PACKAGE_INVALID for types that can't be shown; ARGUMENT_INVALID for fields, filters and sort keys that
 * an export doesn't have
 */
export async function prepareExports(
  plans: readonly ExportPlan<BpfMap>[],
  context: ExportContext,
): Promise<readonly PreparedExport[]> {
  refuseUnfit(plans, context.spec);
  const pictures = plans.filter(({ kind }) => kind === 'sampled').length;
  return Promise.all(
    plans.map((plan) => prepare(plan, { mapColumn: context.columnOf(plan.map.name), pictures }, context)),
  );
}

/** What an export has to know of the others. */
interface Neighbours {
  readonly mapColumn: MapColumn | undefined;
  /** How many pictures share a screen. */
  readonly pictures: number;
}

/** What shows one kind of export is loaded only for a program that has one. */
async function prepare(
  plan: ExportPlan<BpfMap>,
  neighbours: Neighbours,
  context: ExportContext,
): Promise<PreparedExport> {
  if (plan.kind === 'sampled') {
    const { prepareSample } = await import('../maps/prepared-sample.ts');
    return prepareSample(plan, neighbours, context);
  }
  const { prepareBuffer } = await import('./prepared-buffer.ts');
  return prepareBuffer(plan, neighbours.mapColumn, context);
}

/** Wishes that no export of the program can meet. */
function refuseUnfit(plans: readonly ExportPlan<BpfMap>[], { presentation = {} }: LoadSpec): void {
  const { sort, folded } = presentation;
  if (sort !== undefined && !plans.some(({ kind }) => kind === 'sampled')) {
    throw new ArgumentError(
      `--sort ${printable(sort)}: events are shown in the order in which they come`,
      [],
      { hint: 'maps that are sampled can be sorted; --map NAME shows a map' },
    );
  }
  if (folded && !plans.some(({ stackTrace }) => stackTrace !== undefined)) {
    throw new ArgumentError('--folded: the program shows no stacks', [], {
      hint: 'stacks come from a map with /// @intepreter {"stack_trace": {}} above it',
    });
  }
}
