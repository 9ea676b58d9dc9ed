import { bindings } from './bindings.ts';

/** One attachment of a program; the program runs until it is destroyed. */
export class BpfLink {
  #pointer: number;

  /** Owns `pointer`, a `struct bpf_link *`. */
  constructor(pointer: number) {
    this.#pointer = pointer;
  }

  /**
   * Detaches. Idempotent. What libbpf returns isn't looked at: the descriptors are closed in any case, and
   * the kernel detaches by that.
   */
  destroy(): void {
    if (this.#pointer === 0) return;
    bindings().libbpf.bpf_link__destroy(this.#pointer);
    this.#pointer = 0;
  }
}
