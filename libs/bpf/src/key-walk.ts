import { bindings } from './bindings.ts';
import { Errno } from './errno.ts';

/** Keys that may be met again, for each entry that the map can have, until a walk among changes ends. */
const MOST_REPEATS = 8;

/**
 * Goes through the keys of a map by bpf_map_get_next_key, which finds the place by the key before. Once that key
 * is deleted, the kernel begins anew with the first: a map that changes has the keys met so far remembered, so that
 * none comes twice, and none that stays is lost for as long as changes leave time to get to the end.
 */
export class KeyWalk {
  readonly #fd: number;
  /** The key to give next, which is asked for before the one before it can be deleted. */
  readonly #ahead: Buffer;
  readonly #aheadAddress: number;
  readonly #met: Set<string> | undefined;
  #repeatsLeft: number;
  #hasNext: boolean;
  /** What the kernel answered when it gave no key: -ENOENT at the end. */
  #result = 0;

  constructor(
    fd: number,
    keyBytes: number,
    { changes, maxEntries }: { changes: boolean; maxEntries: number },
  ) {
    this.#fd = fd;
    this.#ahead = Buffer.from(new ArrayBuffer(keyBytes));
    this.#aheadAddress = bindings().addressOf(this.#ahead);
    this.#met = changes ? new Set() : undefined;
    this.#repeatsLeft = MOST_REPEATS * (maxEntries + 1);
    this.#hasNext = this.#advance(0);
  }

  /** Why the walk ended, a negative errno; 0 at the end of the map. */
  get failure(): number {
    return this.#result === -Errno.ENOENT ? 0 : this.#result;
  }

  /** Writes the next key to `keys` at `offset`; false when there is none. */
  next(keys: Uint8Array, offset: number): boolean {
    if (!this.#hasNext) return false;
    keys.set(this.#ahead, offset);
    this.#hasNext = this.#advance(this.#aheadAddress);
    return true;
  }

  #advance(previous: number): boolean {
    const { bpf_map_get_next_key: nextKey } = bindings().libbpf;
    let from = previous;
    for (;;) {
      this.#result = nextKey(this.#fd, from, this.#aheadAddress);
      if (this.#result < 0) return false;
      if (!this.#isRepeated()) return true;
      if (this.#repeatsLeft-- <= 0) return false;
      from = this.#aheadAddress;
    }
  }

  #isRepeated(): boolean {
    if (!this.#met) return false;
    const key = this.#ahead.toString('latin1');
    if (this.#met.has(key)) return true;
    this.#met.add(key);
    return false;
  }
}
