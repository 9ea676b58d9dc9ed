import { type BpfMap, type MapEntries, readEntries } from '@ecli/bpf';
import {
  compileFilter,
  compileScreenRow,
  compileSortKey,
  flattened,
  type Layout,
  selectFields,
  type SortKey,
} from '@ecli/btf';
import { printable, type Screen } from '@ecli/core';
import { type SampledExport, sampledLayout } from '@ecli/packages';
import type { ExportContext, PreparedExport } from '../exports/prepared-export.ts';
import { compileRows, type RowSettings } from '../rows/compile-rows.ts';
import { mapCell, type MapColumn } from '../rows/map-column.ts';
import { RowPrefix } from '../rows/row-prefix.ts';
import type { Rows } from '../rows/rows.ts';
import { timeNotation } from '../rows/timestamps.ts';
import type { HistogramStyle, Scale } from './histogram.ts';
import { HistogramReader } from './histogram-entry.ts';
import { HistogramPicture } from './histogram-picture.ts';
import { HistogramRows } from './histogram-rows.ts';
import { checkInterval, MapSampler, type Picture } from './map-sampler.ts';
import { PictureTitle, type TitleOptions } from './picture-title.ts';
import { RawEntryRows } from './raw-entry-rows.ts';
import { TablePicture } from './table-picture.ts';

const SCALES: Readonly<Record<string, Scale>> = { log2_hist: 'log2', linear_hist: 'linear' };

export interface SampleSettings {
  readonly mapColumn?: MapColumn | undefined;
  /** How many pictures share the screen, this one included. */
  readonly pictures: number;
}

/**
 * Compiles what shows a sampled map: rows of entries, histograms, or pictures of either on a screen.
 *
 * @throws PACKAGE_INVALID for an interval, a type or slots that can't be; FEATURE_UNSUPPORTED for a map that has no
 * entries to read; ARGUMENT_INVALID for fields, filters and sort keys that it doesn't have
 */
export function prepareSample(
  plan: SampledExport<BpfMap>,
  { mapColumn, pictures }: SampleSettings,
  { file, spec, stream, budget }: ExportContext,
): PreparedExport {
  const { map, sample } = plan;
  const intervalMs = checkInterval(map.name, sample.interval);
  // Nothing is read before the object is loaded.
  const entries = readEntries(map, { clear: sample.clear_map });
  const layout = sampledLayout(plan, file.btf, entries);
  const presentation = spec.presentation ?? {};
  const settings: RowSettings = {
    format: spec.format,
    presentation,
    mapColumn,
    startUs: () => stream.openedUs,
  };
  const view = new SampleView(plan, layout, entries, settings, pictures);
  const rows = view.rows();
  const picture = view.picture();
  const { filters = [] } = presentation;
  const filter = filters.length > 0 ? compileFilter(layout, filters) : undefined;
  const order = view.order();
  const { backpressure } = spec;
  return {
    open: () =>
      new MapSampler({
        ...{ name: map.name, entries, rows, filter, order, picture },
        ...{ intervalMs, stream, backpressure, budget },
      }),
  };
}

/** How one sampled map is shown. */
class SampleView {
  private readonly style: HistogramStyle | undefined;
  private readonly screen: Screen | undefined;

  constructor(
    private readonly plan: SampledExport<BpfMap>,
    private readonly layout: Layout,
    private readonly entries: MapEntries,
    private readonly settings: RowSettings,
    pictures: number,
  ) {
    const { type, unit } = plan.sample;
    const scale = SCALES[type];
    const { format, presentation } = settings;
    const isDrawn = format === 'text' && presentation.fields === undefined;
    this.style = scale && isDrawn ? { scale, unit: printable(unit) } : undefined;
    this.screen =
      format === 'text' && presentation.screen ? shareOf(presentation.screen, pictures) : undefined;
  }

  rows(): Rows {
    const { settings, style } = this;
    if (style) return this.histogramRows(style);
    if (settings.format === 'raw') return new RawEntryRows(this.entries);
    return compileRows(this.shown(), settings);
  }

  picture(): Picture | undefined {
    const { screen, style, layout } = this;
    if (!screen) return undefined;
    if (style) {
      const reader = new HistogramReader(this.plan.map.name, layout);
      const title = this.title(screen, ['event', 'events']);
      return new HistogramPicture(
        reader,
        style,
        title,
        screen,
        this.settings.presentation.sort !== undefined,
      );
    }
    return new TablePicture(
      compileScreenRow(this.shown(), screen),
      this.title(screen, ['entry', 'entries']),
      screen,
    );
  }

  /** As asked for; a table that nobody asks about has the largest first. */
  order(): SortKey | undefined {
    const { sort } = this.settings.presentation;
    if (sort !== undefined) return compileSortKey(this.layout, sort);
    if (!this.screen || this.style) return undefined;
    const number = flattened(this.layout).fields.find(
      ({ name, shape }) => /^value\b/.test(name) && (shape.kind === 'integer' || shape.kind === 'float'),
    );
    return number && compileSortKey(this.layout, `-${number.name}`);
  }

  private shown(): Layout {
    const { fields } = this.settings.presentation;
    return fields ? selectFields(this.layout, fields) : this.layout;
  }

  private histogramRows(style: HistogramStyle): Rows {
    const { presentation, mapColumn, startUs } = this.settings;
    // Histograms carry no time unless it is asked for.
    const notation = timeNotation(presentation.timestamps ?? 'none', startUs);
    const name = mapCell(mapColumn);
    const prefix = new RowPrefix(notation, (time) => (notation ? `${name}${time} ` : name));
    const reader = new HistogramReader(this.plan.map.name, this.layout);
    return new HistogramRows(reader, style, prefix, this.layout.size);
  }

  private title(screen: Screen, counted: TitleOptions['counted']): PictureTitle {
    const { presentation, startUs } = this.settings;
    const notation = timeNotation(presentation.timestamps ?? 'local', startUs);
    const { map, sample } = this.plan;
    return new PictureTitle({
      name: printable(map.name),
      screen,
      notation,
      counted,
      clears: sample.clear_map,
    });
  }
}

/** The size of a screen may change at any time. */
function shareOf(screen: Screen, pictures: number): Screen {
  return {
    get columns() {
      return screen.columns;
    },
    get rows() {
      return Math.floor(screen.rows / pictures);
    },
    get colors() {
      return screen.colors;
    },
  };
}
