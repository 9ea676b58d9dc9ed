import { type BpfMap, openPerfBuffer, openRingBuffer, type SampleReader } from '@ecli/bpf';
import { compileFilter, type Layout, selectFields } from '@ecli/btf';
import { type BufferExport, type PackageMeta, sampleLayout, type StackTraceMeta } from '@ecli/packages';
import type { Output } from '../output.ts';
import { compileRows, type RowSettings } from '../rows/compile-rows.ts';
import type { MapColumn } from '../rows/map-column.ts';
import type { Rows } from '../rows/rows.ts';
import { SampleEmitter } from '../sample-emitter.ts';
import { SamplePump } from '../sample-pump.ts';
import type { ExportContext, PreparedExport } from './prepared-export.ts';

/** Compiles what shows the samples of a ring buffer or of a perf buffer. */
export async function prepareBuffer(
  plan: BufferExport<BpfMap>,
  mapColumn: MapColumn | undefined,
  context: ExportContext,
): Promise<PreparedExport> {
  const { spec, stream, budget } = context;
  const { presentation = {}, format } = spec;
  const layout = sampleLayout(plan, context.file.btf);
  const settings = { format, presentation, mapColumn, startUs: () => stream.openedUs };
  const rows = plan.stackTrace
    ? await stackRows(layout, plan.stackTrace, settings, context)
    : plainRows(layout, settings);
  const { filters = [] } = presentation;
  const filter = filters.length > 0 ? compileFilter(layout, filters) : undefined;
  const { screen } = presentation;
  const emitter = new SampleEmitter({
    rows,
    filter,
    stream,
    typeName: layout.spelling,
    isPart: 'members' in plan.type,
    budget,
    screen,
  });
  return { open: () => openBuffer(plan, emitter, context) };
}

function plainRows(layout: Layout, settings: RowSettings): Rows {
  const { fields } = settings.presentation;
  return compileRows(fields ? selectFields(layout, fields) : layout, settings);
}

/** Symbols and demanglers are loaded only where there are stacks. */
async function stackRows(
  layout: Layout,
  meta: StackTraceMeta,
  settings: RowSettings,
  { stream }: ExportContext,
): Promise<Rows> {
  const { compileStackRows } = await import('../stacks/compile-stack-rows.ts');
  return compileStackRows(layout, meta, { ...settings, say: (line) => stream.say(line) });
}

function openBuffer(
  plan: BufferExport<BpfMap>,
  emitter: SampleEmitter,
  { meta, spec, stream, budget }: ExportContext,
): Output {
  const { backpressure, onSlow } = spec;
  const reader = openReader(plan, meta);
  return new SamplePump({ name: plan.map.name, reader, emitter, stream, budget, backpressure, onSlow });
}

function openReader(
  { kind, map }: BufferExport<BpfMap>,
  { perf_buffer_pages: pages }: PackageMeta,
): SampleReader {
  return kind === 'ring' ? openRingBuffer(map) : openPerfBuffer(map, { pages });
}
