import { nextTurn } from './next-turn.ts';
import { Poller } from './poller.ts';

/** Waits for one descriptor to become readable, beside all others that this process waits for. */
export class Waiter {
  readonly #poller: Poller;
  readonly #isReady: () => boolean;
  readonly #descriptor: number;
  #isWoken = false;
  #isClosed = false;

  /**
   * `descriptor` stays the caller's, who may close it. `isReady` says without waiting whether there is something.
   *
   * @throws LOAD_FAILED when descriptors have run out
   */
  constructor(descriptor: number, isReady: () => boolean) {
    this.#poller = Poller.shared();
    this.#isReady = isReady;
    this.#descriptor = this.#poller.add(descriptor);
  }

  /** Resolves when the descriptor is readable, after `wake`, or after `timeoutMs`; now and then for no reason. */
  wait(timeoutMs: number): Promise<void> {
    if (this.#isClosed) throw new Error('waits for nothing: it is closed');
    if (this.#isWaiting) throw new Error('a wait is pending');
    if (this.#isWoken || this.#isReady()) return this.#nextTurn();
    this.#poller.arm(this.#descriptor);
    // A perf event says only once that it is readable (kernel/events/core.c, perf_poll), and arming has asked.
    if (this.#isReady()) return this.#nextTurn();
    return this.#poller.wait(this.#descriptor, timeoutMs);
  }

  /** Ends the pending wait at once, or else the next one. */
  wake(): void {
    if (this.#isWaiting) this.#poller.wake(this.#descriptor);
    else this.#isWoken = true;
  }

  /** Once, and not while a wait is pending. */
  close(): void {
    if (this.#isWaiting) throw new Error('a wait is pending: wake it and await it before close');
    this.#isClosed = true;
    this.#poller.remove(this.#descriptor);
  }

  #nextTurn(): Promise<void> {
    this.#isWoken = false;
    return nextTurn();
  }

  get #isWaiting(): boolean {
    return !this.#isClosed && this.#poller.isWaiting(this.#descriptor);
  }
}
