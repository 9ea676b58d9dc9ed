import { bindings } from './bindings.ts';

/** Something attached; it stays so until it is destroyed, and what it is attached to may go before it. */
export interface Link {
  /** Detaches. Idempotent, and silent about what is gone already. */
  destroy(): void;
  /**
   * Tells whether it was cut off before it was destroyed: the place is gone, or somebody detached it. Links that
   * can't know don't have it.
   */
  isDefunct?(): boolean;
}

/** One attachment of a program by libbpf; the program runs until it is destroyed. */
export class BpfLink implements Link {
  #pointer: number;

  /** Owns `pointer`, a `struct bpf_link *`. */
  constructor(pointer: number) {
    this.#pointer = pointer;
  }

  /** The kernel's link, or what libbpf has in its place; owned by this. */
  get descriptor(): number {
    return bindings().libbpf.bpf_link__fd(this.#pointer);
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
