import type { BpfMap } from '@ecli/bpf';
import { ArgumentError, listed, type LoadSpec, printable } from '@ecli/core';
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
    plans.map(async (plan) => {
      try {
        return await prepare(plan, { mapColumn: context.columnOf(plan.map.name), pictures }, context);
      } catch (error) {
        throw plans.length > 1 ? ofSeveral(error, plan, plans) : error;
      }
    }),
  );
}

/** Fields and filters have to fit every map that is shown; which didn't, and how to show fewer, is worth a word. */
function ofSeveral(
  error: unknown,
  { map }: ExportPlan<BpfMap>,
  plans: readonly ExportPlan<BpfMap>[],
): unknown {
  if (!(error instanceof ArgumentError)) return error;
  const { message, known, hint } = error;
  const advice = `--map shows one of the maps alone: ${listed(plans.map((plan) => plan.map.name))}`;
  return new ArgumentError(`map ${printable(map.name)}: ${message}`, known, {
    hint: hint === undefined ? advice : `${hint}\n${advice}`,
    cause: error,
  });
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
