import { EcliError } from '@ecli/core';
import { closeSync, readSync, writeSync } from 'node:fs';
import { bindings } from './bindings.ts';
import { Errno, errnoName } from './errno.ts';
import { outOfResources } from './failures.ts';
import { nextTurn } from './next-turn.ts';

/** sys/epoll.h, sys/eventfd.h, linux/fcntl.h */
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;
const EPOLLIN = 1;
const EPOLLONESHOT = 1 << 30;
const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;
const F_DUPFD_CLOEXEC = 1030;

/** struct epoll_event, u32 events and u64 data, which sys/epoll.h packs on x86-64 alone. */
const EVENT_BYTES = process.arch === 'x64' ? 12 : 16;
const EVENT_DATA = EVENT_BYTES - 8;
/** Those that don't fit are told by the next epoll_wait(2). */
const MOST_EVENTS = 64;
const LONGEST_WAIT_MS = 3_600_000;

interface Wait {
  /** On performance.now()'s clock; in the past once it is to end. */
  deadline: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Waits for descriptors to become readable without blocking the event loop. One epoll_wait(2) at a time runs on a
 * libuv thread for all of the process, of whose four threads a program with many buffers would take all otherwise.
 * Waits begin and end while it runs: a descriptor is armed for one wait, so that one which is readable while
 * nobody asks wakes nobody; an eventfd interrupts the call where a wait is to end sooner than it would.
 */
export class Poller {
  static #shared: Poller | undefined;

  /** The process's own, there while it has descriptors. @throws LOAD_FAILED when descriptors have run out */
  static shared(): Poller {
    return (this.#shared ??= new Poller());
  }

  static {
    // libuv joins its threads when the process ends: process.exit() would hang until the wait times out.
    process.once('exit', () => {
      if (this.#shared) this.#shared.#interrupt();
    });
  }

  readonly #epoll: number;
  readonly #wakeup: number;
  /** Where epoll_wait writes; it must live as long as the call on the other thread. */
  readonly #events = Buffer.alloc(EVENT_BYTES * MOST_EVENTS);
  readonly #descriptors = new Set<number>();
  readonly #waits = new Map<number, Wait>();
  #isRunning = false;
  /** When the epoll_wait that runs ends by itself; undefined while none runs. */
  #wakesAt: number | undefined;
  #isInterrupted = false;

  private constructor() {
    const { libc } = bindings();
    this.#epoll = orThrow(libc.epoll_create1(EPOLL_CLOEXEC));
    this.#wakeup = libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    try {
      orThrow(this.#wakeup);
      this.#control(EPOLL_CTL_ADD, this.#wakeup, EPOLLIN);
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  /**
   * Takes in a duplicate of `descriptor`, which may be closed before the duplicate is, and returns it: what it is
   * called here until `remove`.
   *
   * @throws LOAD_FAILED when descriptors have run out
   */
  add(descriptor: number): number {
    let own = -1;
    try {
      own = orThrow(bindings().libc.fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
      // Without ONESHOT a hang-up, which needs no asking for, would end every epoll_wait at once.
      this.#control(EPOLL_CTL_ADD, own, EPOLLONESHOT);
      this.#descriptors.add(own);
      return own;
    } catch (error) {
      if (own >= 0) closeSync(own);
      this.#closeUnused();
      throw error;
    }
  }

  /** Not while a wait for it is pending. */
  remove(descriptor: number): void {
    this.#control(EPOLL_CTL_DEL, descriptor, 0);
    this.#descriptors.delete(descriptor);
    closeSync(descriptor);
    this.#closeUnused();
  }

  isWaiting(descriptor: number): boolean {
    return this.#waits.has(descriptor);
  }

  /** Has the next `wait` learn of all that happens to `descriptor` from now on. */
  arm(descriptor: number): void {
    this.#control(EPOLL_CTL_MOD, descriptor, EPOLLIN | EPOLLONESHOT);
  }

  /**
   * Resolves when `descriptor`, which is armed, is readable, after `wake`, or after `timeoutMs`; now and then for
   * no reason.
   */
  wait(descriptor: number, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = performance.now() + timeoutMs;
      this.#waits.set(descriptor, { deadline, resolve, reject });
      if (!this.#isRunning) void this.#run();
      else if (this.#wakesAt !== undefined && deadline < this.#wakesAt) this.#interrupt();
    });
  }

  /** Ends the wait for `descriptor`, if one is pending. */
  wake(descriptor: number): void {
    const wait = this.#waits.get(descriptor);
    if (!wait) return;
    wait.deadline = 0;
    this.#interrupt();
  }

  /** Until no wait is pending. Waits end only here, so none is left when the last descriptor goes. */
  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (this.#waits.size > 0) {
        this.#endWaits(await this.#readable());
        // Whoever was woken mostly waits again at once: in time for the next call, it needn't be interrupted.
        if (this.#waits.size > 0) await nextTurn();
      }
    } catch (error) {
      for (const { reject } of this.#takeWaits([...this.#waits.keys()])) reject(error);
    } finally {
      this.#isRunning = false;
    }
  }

  async #readable(): Promise<number[]> {
    const now = performance.now();
    const deadline = Math.min(
      now + LONGEST_WAIT_MS,
      ...[...this.#waits.values()].map((wait) => wait.deadline),
    );
    this.#wakesAt = deadline;
    try {
      const timeoutMs = Math.max(0, Math.ceil(deadline - now));
      const count = await bindings().epollWait(this.#epoll, this.#events, MOST_EVENTS, timeoutMs);
      return count === -Errno.EINTR ? [] : this.#descriptorsOf(orThrow(count));
    } finally {
      this.#wakesAt = undefined;
      this.#rearm();
    }
  }

  #descriptorsOf(count: number): number[] {
    return Array.from({ length: count }, (_, index) =>
      this.#events.readUInt32LE(index * EVENT_BYTES + EVENT_DATA),
    );
  }

  #endWaits(readable: readonly number[]): void {
    const now = performance.now();
    const expired = [...this.#waits].filter(([, { deadline }]) => deadline <= now).map(([each]) => each);
    for (const { resolve } of this.#takeWaits([...readable, ...expired])) resolve();
  }

  #takeWaits(descriptors: readonly number[]): Wait[] {
    return [...new Set(descriptors)].flatMap((descriptor) => {
      const wait = this.#waits.get(descriptor);
      this.#waits.delete(descriptor);
      return wait ?? [];
    });
  }

  #interrupt(): void {
    if (this.#wakesAt === undefined || this.#isInterrupted) return;
    this.#isInterrupted = true;
    const one = Buffer.alloc(8);
    one.writeBigUInt64LE(1n);
    writeSync(this.#wakeup, one);
  }

  /** Reading an eventfd sets it back to 0. */
  #rearm(): void {
    if (!this.#isInterrupted) return;
    this.#isInterrupted = false;
    readSync(this.#wakeup, Buffer.alloc(8));
  }

  #control(operation: number, descriptor: number, events: number): void {
    const event = Buffer.alloc(EVENT_BYTES);
    event.writeUInt32LE(events, 0);
    event.writeUInt32LE(descriptor, EVENT_DATA);
    orThrow(bindings().libc.epoll_ctl(this.#epoll, operation, descriptor, event));
  }

  #closeUnused(): void {
    if (this.#descriptors.size > 0) return;
    Poller.#shared = undefined;
    this.#close();
  }

  #close(): void {
    for (const descriptor of [this.#wakeup, this.#epoll]) if (descriptor >= 0) closeSync(descriptor);
  }
}

function orThrow(result: number): number {
  if (result >= 0) return result;
  const subject = 'waiting for events';
  throw (
    outOfResources(subject, result, '') ?? new EcliError('LOAD_FAILED', `${subject}: ${errnoName(result)}`)
  );
}
