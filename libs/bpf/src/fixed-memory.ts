import { type SampleMemory, sampleMemory } from '@ecli/btf';
import { bindings } from './bindings.ts';

/** Memory whose address never changes, for the kernel to write to. */
export class FixedMemory {
  readonly bytes: Uint8Array;
  readonly memory: SampleMemory;
  readonly address: number;

  /** At least `size` bytes, zeros. */
  constructor(size: number) {
    // An ArrayBuffer of its own lies outside of V8's heap, where a garbage collector would move it.
    this.bytes = new Uint8Array(new ArrayBuffer(Math.max(8, align8(size))));
    this.memory = sampleMemory(this.bytes);
    this.address = bindings().addressOf(this.bytes);
  }
}

export function align8(size: number): number {
  return Math.ceil(size / 8) * 8;
}
