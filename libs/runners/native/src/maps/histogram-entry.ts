import type { Field, Layout, SampleMemory, Shape } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import { Label, memberLabel } from '../rows/label.ts';
import { longestLine, type HistogramStyle } from './histogram.ts';

type ArrayShape = Extract<Shape, { readonly kind: 'array' }>;

const SLOTS = 'slots';

/** One entry of a map of histograms. */
export interface Histogram {
  /** What stands above the bars: `key = …` and the other members. */
  readonly labels: readonly string[];
  readonly counts: readonly bigint[];
}

/** Reads an entry whose value has an array of counts named `slots`. */
export class HistogramReader {
  private readonly slots: Field & { readonly shape: ArrayShape };
  private readonly key: Label | undefined;
  private readonly members: readonly Label[];
  /** Bytes from one CPU's value to the next; one CPU where the map isn't per CPU. */
  private readonly cpuBytes: number;
  private readonly cpus: number;

  /**
   * `layout` is an entry's.
   *
   * @throws PACKAGE_INVALID where its value has no array `slots` of 32 or 64 bits
   */
  constructor(map: string, layout: Layout) {
    const [value] = layout.fields.slice(-1);
    const [key] = layout.fields.slice(0, -1);
    const perCpu = value?.shape.kind === 'array' ? value.shape : undefined;
    const record = perCpu?.element ?? value?.shape;
    if (!value || record?.kind !== 'record') throw new Error('not the layout of an entry');
    this.cpus = perCpu?.length ?? 1;
    this.cpuBytes = perCpu?.stride ?? 0;
    const members = record.fields.map((field) => shifted(field, value.bitOffset));
    this.slots = slotsOf(map, layout, members);
    this.members = members.filter(({ name }) => name !== SLOTS).map((field) => memberLabel(field, layout));
    this.key = key?.shape.kind === 'record' ? new Label('key = ', key.shape.fields, layout) : undefined;
  }

  /** The most bytes of an entry's text: its labels, and a line for each slot, with line ends. */
  maxBytes(style: HistogramStyle): number {
    const labels = [...(this.key ? [this.key] : []), ...this.members];
    const labelBytes = labels.reduce((sum, label) => sum + label.maxBytes, 0);
    const { length } = this.slots.shape;
    return labelBytes + Buffer.byteLength(style.unit) + longestLine(length) * (length + 3);
  }

  /** Copies what the entry at `offset` of `memory` says; counts of all CPUs are added up. */
  read(memory: SampleMemory, offset: number): Histogram {
    const { length, stride, element } = this.slots.shape;
    const counts: bigint[] = new Array<bigint>(length).fill(0n);
    let shownCpu = -1;
    for (let cpu = 0; cpu < this.cpus; cpu++) {
      const start = offset + this.slots.bitOffset / 8 + cpu * this.cpuBytes;
      for (let slot = 0; slot < length; slot++) {
        const at = start + slot * stride;
        const count =
          element.size === 4 ? BigInt(memory.view.getUint32(at, true)) : memory.view.getBigUint64(at, true);
        if (count === 0n) continue;
        if (shownCpu < 0) shownCpu = cpu;
        counts[slot] = (counts[slot] ?? 0n) + count;
      }
    }
    // The other members of a per-CPU value can't be added up: those of the first CPU that counted are shown.
    const at = offset + Math.max(0, shownCpu) * this.cpuBytes;
    const labels = [
      ...(this.key ? [this.key.text(memory, offset)] : []),
      ...this.members.map((label) => label.text(memory, at)),
    ];
    return { labels, counts };
  }
}

function shifted(field: Field, bits: number): Field {
  return { ...field, bitOffset: field.bitOffset + bits };
}

function slotsOf(map: string, layout: Layout, members: readonly Field[]): HistogramReader['slots'] {
  const slots = members.find(({ name }) => name === SLOTS);
  if (!slots) {
    const names = members.map(({ name }) => printable(name)).join(', ');
    throw invalid(
      map,
      `${layout.spelling} has no member ${SLOTS} to make a histogram of`,
      `members: ${names}`,
    );
  }
  const { shape } = slots;
  const isCounts = shape.kind === 'array' && shape.element.kind === 'integer';
  if (isCounts && [4, 8].includes(shape.element.size)) return { ...slots, shape };
  throw invalid(
    map,
    `the member ${SLOTS} of ${layout.spelling} is no array of 32 or 64-bit counts`,
    `declare it as __u32 ${SLOTS}[N]`,
  );
}

function invalid(map: string, reason: string, hint: string): EcliError {
  return new EcliError('PACKAGE_INVALID', `map ${printable(map)}: ${reason}`, {
    hint: `${hint}; "type": "default_kv" shows any type`,
  });
}
