import { compileTextRow, type Field, type Layout, type SampleMemory, type TextRowRenderer } from '@ecli/btf';
import { printable } from '@ecli/core';

const decoder = new TextDecoder();

/** Makes the line `NAME = VALUE` of a member of `layout`. */
export function memberLabel(field: Field, layout: Layout): Label {
  return new Label(`${printable(field.name)} =`, [field], layout);
}

/** A line `NAME = VALUE`; of several values, each has a space of its own before it. */
export class Label {
  private readonly values: readonly TextRowRenderer[];
  private readonly out: Uint8Array;

  constructor(
    private readonly name: string,
    fields: readonly Field[],
    { spelling, size }: Layout,
  ) {
    this.values = fields.map((field) => compileTextRow({ spelling, size, fields: [field] }));
    this.out = new Uint8Array(Math.max(0, ...this.values.map(({ maxBytes }) => maxBytes)));
  }

  get maxBytes(): number {
    return this.values.reduce((sum, { maxBytes }) => sum + maxBytes, Buffer.byteLength(this.name));
  }

  text(memory: SampleMemory, offset: number): string {
    return this.name + this.values.map((value) => this.valueText(value, memory, offset)).join('');
  }

  /** A row of one column: a space, the value, a line end. */
  private valueText(value: TextRowRenderer, memory: SampleMemory, offset: number): string {
    const end = value.render(memory, offset, this.out, 0);
    return decoder.decode(this.out.subarray(0, end - 1));
  }
}
