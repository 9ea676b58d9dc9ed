import type { Link } from '../link.ts';
import type { AttachRecord } from './attach-record.ts';
import type { NetworkNamespace } from './network-namespace.ts';

/** An attachment by netlink: the kernel keeps it until somebody removes it, so a record is kept beside it. */
export class RecordedLink implements Link {
  #attached = true;

  /**
   * Owns `namespace` and `record`; both functions run in the namespace. `detach` throws where what is ours
   * stays, `isThere` tells whether the place still is.
   */
  constructor(
    private readonly namespace: NetworkNamespace,
    private readonly record: AttachRecord | undefined,
    private readonly detach: () => void,
    private readonly isThere: () => boolean,
  ) {}

  isDefunct(): boolean {
    return this.#attached && !this.namespace.run(this.isThere);
  }

  /** @throws ATTACH_FAILED when it stays attached; its record stays too then, for the next start */
  destroy(): void {
    if (!this.#attached) return;
    this.#attached = false;
    try {
      this.namespace.run(this.detach);
      this.record?.remove();
    } finally {
      this.namespace.close();
    }
  }
}
