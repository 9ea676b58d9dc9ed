import { type BpfMap, openPerfBuffer, openRingBuffer, type SampleReader } from '@ecli/bpf';
import { compileFilter, type ObjectFile, type SampleFilter, selectFields } from '@ecli/btf';
import { ArgumentError, type LoadSpec, printable } from '@ecli/core';
import { type BufferExport, type ExportPlan, type PackageMeta, sampleLayout } from '@ecli/packages';
import type { LogStream } from '../log-stream.ts';
import { prepareSample } from '../maps/prepared-sample.ts';
import type { EventBudget, Output } from '../output.ts';
import { compileRows } from '../rows/compile-rows.ts';
import type { Rows } from '../rows/rows.ts';
import { SamplePump } from '../sample-pump.ts';

/** An export whose decoder is compiled; once the object is loaded, it can be opened. */
export interface PreparedExport {
  /** Takes the map's content from now on. The caller closes the output. */
  open(): Output;
}

/** What all exports of a program have in common. */
export interface ExportContext {
  readonly file: ObjectFile;
  readonly meta: PackageMeta;
  readonly spec: LoadSpec;
  readonly stream: LogStream;
  readonly budget: EventBudget;
}

/**
 * Compiles what turns each export's samples into output, so that whatever can't be shown is known before the kernel
 * is touched.
 *
 * @throws PACKAGE_INVALID for types that can't be shown; ARGUMENT_INVALID for fields, filters and sort keys that
 * an export doesn't have
 */
export function prepareExports(
  plans: readonly ExportPlan<BpfMap>[],
  context: ExportContext,
): readonly PreparedExport[] {
  refuseSort(plans, context.spec);
  const widest = Math.max(...plans.map(({ map }) => map.name.length));
  const pictures = plans.filter(({ kind }) => kind === 'sampled').length;
  return plans.map((plan) => {
    const mapColumn = plans.length > 1 ? { name: plan.map.name, width: widest } : undefined;
    if (plan.kind === 'sampled') return prepareSample(plan, { mapColumn, pictures }, context);
    return prepareBuffer(plan, mapColumn, context);
  });
}

function refuseSort(plans: readonly ExportPlan<BpfMap>[], { presentation }: LoadSpec): void {
  const { sort } = presentation ?? {};
  if (sort === undefined || plans.some(({ kind }) => kind === 'sampled')) return;
  throw new ArgumentError(`--sort ${printable(sort)}: events are shown in the order in which they come`, [], {
    hint: 'maps that are sampled can be sorted; --map NAME shows a map',
  });
}

function prepareBuffer(
  plan: BufferExport<BpfMap>,
  mapColumn: { readonly name: string; readonly width: number } | undefined,
  context: ExportContext,
): PreparedExport {
  const { spec, stream } = context;
  const layout = sampleLayout(plan, context.file.btf);
  const { fields, filters = [] } = spec.presentation ?? {};
  const rows = compileRows(fields ? selectFields(layout, fields) : layout, {
    format: spec.format,
    presentation: spec.presentation ?? {},
    mapColumn,
    startUs: () => stream.openedUs,
  });
  const filter = filters.length > 0 ? compileFilter(layout, filters) : undefined;
  return { open: () => openBuffer(plan, rows, filter, context) };
}

function openBuffer(
  plan: BufferExport<BpfMap>,
  rows: Rows,
  filter: SampleFilter | undefined,
  { meta, spec, stream, budget }: ExportContext,
): Output {
  return new SamplePump({
    reader: openReader(plan, meta),
    rows,
    filter,
    stream,
    name: plan.map.name,
    typeName: plan.type.name,
    backpressure: spec.backpressure,
    budget,
    screen: spec.presentation?.screen,
  });
}

function openReader(
  { kind, map }: BufferExport<BpfMap>,
  { perf_buffer_pages: pages }: PackageMeta,
): SampleReader {
  return kind === 'ring' ? openRingBuffer(map) : openPerfBuffer(map, { pages });
}
