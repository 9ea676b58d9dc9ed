const SMALLEST = 64;
/** Places are filled to a half at most, so that a search ends soon. */
const SPARSENESS = 2;

/**
 * A map whose keys are addresses, given as two 32-bit halves. Map would need one number of both, which has no room
 * for 64 bits and which V8 would put on the heap: here a look takes a fifth of the time.
 */
export class AddressMap<V> {
  size = 0;
  private mask = SMALLEST - 1;
  private lows = new Int32Array(SMALLEST);
  private highs = new Int32Array(SMALLEST);
  private values: (V | undefined)[] = emptyValues(SMALLEST);
  /** Addresses come from anywhere: nobody shall know which of them meet. */
  private readonly multiplier = (Math.random() * 2 ** 32) | 1;

  get(low: number, high: number): V | undefined {
    return this.values[this.place(low | 0, high | 0)];
  }

  /** `value` is not undefined. */
  set(low: number, high: number, value: V): void {
    const place = this.place(low | 0, high | 0);
    if (this.values[place] === undefined) this.size++;
    this.lows[place] = low;
    this.highs[place] = high;
    this.values[place] = value;
    if (this.size * SPARSENESS > this.mask) this.grow();
  }

  clear(): void {
    this.resize(SMALLEST);
  }

  /** Where the address is, or would be. */
  private place(low: number, high: number): number {
    const { lows, highs, values, mask } = this;
    // The upper bits of a product depend on all bits of its factors; those of an address that differ are the lower.
    const mixed = Math.imul(low ^ Math.imul(high, this.multiplier), this.multiplier);
    let place = (mixed ^ (mixed >>> 15)) & mask;
    while (values[place] !== undefined && (lows[place] !== low || highs[place] !== high)) {
      place = (place + 1) & mask;
    }
    return place;
  }

  private grow(): void {
    const { lows, highs, values } = this;
    this.resize(values.length * 2);
    values.forEach((value, place) => {
      // Both are as long as the values.
      if (value !== undefined) this.set(lows[place] as number, highs[place] as number, value);
    });
  }

  private resize(places: number): void {
    this.size = 0;
    this.mask = places - 1;
    this.lows = new Int32Array(places);
    this.highs = new Int32Array(places);
    this.values = emptyValues(places);
  }
}

function emptyValues<V>(places: number): (V | undefined)[] {
  return new Array<V | undefined>(places).fill(undefined);
}
