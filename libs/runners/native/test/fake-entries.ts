import type { EntryBatch, MapEntries } from '@ecli/bpf';
import { sampleMemory } from '@ecli/btf';

/** A map of 32-bit keys and 64-bit values in memory. Doesn't model: changes while it is read. */
export class FakeEntries implements MapEntries {
  readonly stride = 16;
  readonly keySize = 4;
  readonly valueSize = 8;
  readonly valueOffset = 8;
  readonly entryBytes = 12;
  readonly cpus = undefined;
  limitation?: string;
  readonly content = new Map<number, number>();
  /** How often it was read from the first batch on. */
  readings = 0;

  constructor(
    private readonly batchEntries = 3,
    private readonly clears = false,
  ) {}

  async *batches(): AsyncGenerator<EntryBatch, void> {
    this.readings++;
    const memory = sampleMemory(new Uint8Array(this.batchEntries * this.stride));
    let count = 0;
    for (const [key, value] of this.content) {
      memory.view.setUint32(count * this.stride, key, true);
      memory.view.setBigUint64(count * this.stride + this.valueOffset, BigInt(value), true);
      if (this.clears) this.content.delete(key);
      if (++count < this.batchEntries) continue;
      yield { memory, count };
      count = 0;
    }
    if (count > 0) yield { memory, count };
  }
}
