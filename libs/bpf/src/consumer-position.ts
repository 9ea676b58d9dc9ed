/**
 * How far we have read a kernel buffer. The kernel counts bytes in 64 bits that only grow, and the place of a
 * record is its position modulo the buffer's size. Reader and writer are never further apart than that size
 * (2 GiB at most), so the low 32 bits say all that is asked per record; the whole position is needed only
 * where it is published.
 */
export class ConsumerPosition {
  /**
   * Low 32 bits of the position up to which records were taken, signed: V8 keeps that as a small integer, and
   * would make a number beyond 2^31 an object.
   */
  low: number;
  readonly #shared: BigUint64Array;
  readonly #batchBytes: number;
  #published: bigint;
  #unpublished = 0;

  /** `shared` is the one word by which the kernel learns of the position; it starts at what it says. */
  constructor(shared: BigUint64Array, batchBytes: number) {
    this.#shared = shared;
    this.#batchBytes = batchBytes;
    this.#published = Atomics.load(shared, 0);
    this.low = Number(BigInt.asIntN(32, this.#published));
  }

  /** Bytes from here to the writer's position, of which `producerLow` is the low word, signed or not. */
  distanceTo(producerLow: number): number {
    return (producerLow - this.low) >>> 0;
  }

  /** Takes `bytes`; publishes now and then, since each time costs the kernel's writers a cache miss. */
  advance(bytes: number): void {
    this.low = (this.low + bytes) | 0;
    this.#unpublished += bytes;
    if (this.#unpublished >= this.#batchBytes) this.publish();
  }

  /** Gives what was taken back to the kernel, whose counter overflows as BigUint64Array does. */
  publish(): void {
    if (this.#unpublished === 0) return;
    this.#published += BigInt(this.#unpublished);
    this.#unpublished = 0;
    Atomics.store(this.#shared, 0, this.#published);
  }
}
