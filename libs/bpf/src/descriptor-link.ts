import { bindings } from './bindings.ts';
import type { Link } from './link.ts';

/** An attachment that a descriptor holds: a BPF link of the kernel, or a socket; it ends with the process at the latest. */
export class DescriptorLink implements Link {
  #descriptor: number;

  /** Owns `descriptor`. */
  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Negative once it is destroyed. */
  get descriptor(): number {
    return this.#descriptor;
  }

  destroy(): void {
    if (this.#descriptor < 0) return;
    bindings().libc.close(this.#descriptor);
    this.#descriptor = -1;
  }
}
