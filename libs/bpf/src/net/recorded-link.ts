import type { Link } from '../link.ts';
import type { AttachRecord } from './attach-record.ts';
import type { NetworkNamespace } from './network-namespace.ts';

/** An attachment by netlink: the kernel keeps it until somebody removes it, so a record is kept beside it. */
export class RecordedLink implements Link {
  #attached = true;

  /** Owns `namespace` and `record`; `detach` runs in the namespace and throws where what is ours stays. */
  constructor(
    private readonly namespace: NetworkNamespace,
    private readonly record: AttachRecord | undefined,
    private readonly detach: () => void,
  ) {}

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
