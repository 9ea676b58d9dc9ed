import { bindings } from './bindings.ts';
import { Errno } from './errno.ts';
import { FixedMemory } from './fixed-memory.ts';

/** Keys that may be met again, for each entry that the map can have, until a walk among changes ends. */
const MOST_REPEATS = 8;
/** How many of the keys met last are asked for the way on, once the very last is gone. */
const STEPS_BACK = 64;

/**
 * Goes through the keys of a map by bpf_map_get_next_key, which finds the place by the key before. Once that key
 * is deleted, the kernel begins anew with the first. So a map that changes has the keys met so far remembered: none
 * comes twice, and the walk goes on behind the last of them that is still there. None that stays is lost, unless
 * changes come so fast that the end is never reached.
 */
export class KeyWalk {
  readonly #fd: number;
  /** The key to give next, which is asked for before the one before it can be deleted. */
  readonly #ahead: FixedMemory;
  readonly #key: Buffer;
  readonly #probe: FixedMemory;
  readonly #met: Set<string> | undefined;
  readonly #order: string[] = [];
  #repeatsLeft: number;
  #hasNext: boolean;
  /** What the kernel answered when it gave no key: -ENOENT at the end. */
  #result = 0;

  constructor(
    fd: number,
    keyBytes: number,
    { changes, maxEntries }: { readonly changes: boolean; readonly maxEntries: number },
  ) {
    this.#fd = fd;
    this.#ahead = new FixedMemory(keyBytes);
    this.#probe = new FixedMemory(keyBytes);
    this.#key = Buffer.from(this.#ahead.bytes.buffer, 0, keyBytes);
    this.#met = changes ? new Set() : undefined;
    this.#repeatsLeft = MOST_REPEATS * (maxEntries + 1);
    this.#hasNext = this.#advance(0);
  }

  /** Why the walk ended, a negative errno; 0 at the end of the map. */
  get failure(): number {
    return this.#result === -Errno.ENOENT ? 0 : Math.min(0, this.#result);
  }

  /** Writes the next key to `keys` at `offset`; false when there is none. */
  next(keys: Uint8Array, offset: number): boolean {
    if (!this.#hasNext) return false;
    keys.set(this.#key, offset);
    this.#hasNext = this.#advance(this.#ahead.address);
    return true;
  }

  /** Finds the next key that wasn't met; false at the end. */
  #advance(from: number): boolean {
    if (!this.#ask(from)) return false;
    if (this.#isNew()) return true;
    // The kernel began anew.
    for (let back = 1; back <= Math.min(STEPS_BACK, this.#order.length); back++) {
      Buffer.from(this.#probe.bytes.buffer).write(this.#order.at(-back) ?? '', 'latin1');
      if (!this.#ask(this.#probe.address)) return false;
      if (this.#isNew()) return true;
    }
    while (this.#repeatsLeft-- > 0) {
      if (!this.#ask(this.#ahead.address)) return false;
      if (this.#isNew()) return true;
    }
    return false;
  }

  #ask(from: number): boolean {
    this.#result = bindings().libbpf.bpf_map_get_next_key(this.#fd, from, this.#ahead.address);
    return this.#result >= 0;
  }

  /** Remembers the key ahead, unless it was met. */
  #isNew(): boolean {
    if (!this.#met) return true;
    const key = this.#key.toString('latin1');
    if (this.#met.has(key)) return false;
    this.#met.add(key);
    this.#order.push(key);
    return true;
  }
}
