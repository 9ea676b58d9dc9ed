import { EcliError } from '@ecli/core';
import { closeSync, readSync, writeSync } from 'node:fs';
import { bindings } from './bindings.ts';
import { Errno, errnoName } from './errno.ts';
import { outOfResources } from './failures.ts';

/** sys/epoll.h, sys/eventfd.h, asm-generic/fcntl.h */
const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;

/**
 * libuv joins its threads when the process ends, so process.exit() would hang until the last wait times out:
 * all that are pending are woken first.
 */
const pending = new Set<Waiter>();
let wakingAtExit = false;

function wakeAtExit(): void {
  if (wakingAtExit) return;
  wakingAtExit = true;
  process.once('exit', () => pending.forEach((waiter) => waiter.wake()));
}

/**
 * Waits for descriptors to become readable, without blocking the event loop: epoll_wait(2) runs on a libuv
 * thread. An eventfd beside them lets `wake` end a wait.
 */
export class Waiter {
  readonly #epoll: number;
  readonly #wakeup: number;
  /** Where epoll_wait writes; it must live as long as the call on the other thread. */
  readonly #events = Buffer.alloc(16);
  #woken = false;

  /** Watches `descriptors`, which stay the caller's. @throws LOAD_FAILED when descriptors have run out */
  constructor(descriptors: readonly number[]) {
    const { libc } = bindings();
    this.#epoll = orThrow(libc.epoll_create1(EPOLL_CLOEXEC));
    this.#wakeup = libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    try {
      orThrow(this.#wakeup);
      for (const descriptor of [this.#wakeup, ...descriptors]) this.#watch(descriptor);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Resolves when a descriptor is readable, after `wake`, or after `timeoutMs`; now and then for no reason. */
  async wait(timeoutMs: number): Promise<void> {
    if (pending.has(this)) throw new Error('a wait is pending');
    pending.add(this);
    wakeAtExit();
    try {
      const ready = await bindings().epollWait(this.#epoll, this.#events, timeoutMs);
      if (ready !== -Errno.EINTR) orThrow(ready);
    } finally {
      pending.delete(this);
      this.#rearm();
    }
  }

  /** Ends the pending wait at once, or else the next one. */
  wake(): void {
    if (this.#woken) return;
    this.#woken = true;
    const one = Buffer.alloc(8);
    one.writeBigUInt64LE(1n);
    writeSync(this.#wakeup, one);
  }

  /** Once, and not while a wait is pending. */
  close(): void {
    if (pending.has(this)) throw new Error('a wait is pending: wake it and await it before close');
    for (const descriptor of [this.#wakeup, this.#epoll]) if (descriptor >= 0) closeSync(descriptor);
  }

  /** Reading an eventfd sets it back to 0. */
  #rearm(): void {
    if (!this.#woken) return;
    this.#woken = false;
    readSync(this.#wakeup, Buffer.alloc(8));
  }

  #watch(descriptor: number): void {
    // struct epoll_event: u32 events first; which descriptor it was doesn't matter.
    const event = Buffer.alloc(16);
    event.writeUInt32LE(EPOLLIN, 0);
    orThrow(bindings().libc.epoll_ctl(this.#epoll, EPOLL_CTL_ADD, descriptor, event));
  }
}

function orThrow(result: number): number {
  if (result >= 0) return result;
  const subject = 'waiting for events';
  throw (
    outOfResources(subject, result, '') ?? new EcliError('LOAD_FAILED', `${subject}: ${errnoName(result)}`)
  );
}
