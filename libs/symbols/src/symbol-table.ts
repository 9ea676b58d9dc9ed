/** So far a symbol without a size reaches when no other symbol follows. */
const FARTHEST_OFFSET = 0x10_0000;
/** Labels inside a function that are passed over to find the function around them. */
const MOST_LABELS = 32;
/** Bytes of a name that are decoded; a table of 256 MB may be a single name. */
const LONGEST_NAME = 4096;

/** A symbol found for an address. */
export interface SymbolHit {
  readonly name: string;
  /** Where it begins. */
  readonly start: number;
}

/**
 * Symbols by address. Hundreds of thousands of them are three flat arrays and one buffer of names, which are
 * decoded when they are asked for.
 */
export class SymbolTable {
  constructor(
    /** Ascending, each once. */
    private readonly starts: Float64Array,
    /** 0 where unknown: the symbol then ends where the next one begins. */
    private readonly sizes: Float64Array,
    /** Where in `names` each name begins; it ends before `terminator`. */
    private readonly nameStarts: Uint32Array,
    private readonly names: Buffer,
    private readonly terminator: number,
  ) {}

  get size(): number {
    return this.starts.length;
  }

  get byteLength(): number {
    const { starts, sizes, nameStarts, names } = this;
    return starts.byteLength + sizes.byteLength + nameStarts.byteLength + names.byteLength;
  }

  /** Finds the symbol that `address` lies in; also right behind it, where a call that never returns leads to. */
  find(address: number): SymbolHit | undefined {
    const last = this.lastUpTo(address);
    for (let index = last; index >= 0 && index > last - MOST_LABELS; index--) {
      const start = this.starts[index] ?? 0;
      const size = this.sizes[index] ?? 0;
      const reach = size > 0 ? size : index === last ? FARTHEST_OFFSET : -1;
      if (address - start <= reach) return { name: this.nameAt(index), start };
    }
    return undefined;
  }

  /** Index of the last symbol that begins at `address` or before; -1 when there is none. */
  private lastUpTo(address: number): number {
    const { starts } = this;
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= address) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private nameAt(index: number): string {
    const start = this.nameStarts[index] ?? 0;
    const text = this.names.subarray(start, start + LONGEST_NAME);
    const end = text.indexOf(this.terminator);
    return text.toString('utf8', 0, end < 0 ? text.length : end);
  }
}

/** Collects symbols in any order and makes a table of them. */
export class SymbolCollector {
  private count = 0;
  private readonly starts: Float64Array;
  private readonly sizes: Float64Array;
  private readonly nameStarts: Uint32Array;
  private readonly ranks: Uint8Array;

  constructor(capacity: number) {
    this.starts = new Float64Array(capacity);
    this.sizes = new Float64Array(capacity);
    this.nameStarts = new Uint32Array(capacity);
    this.ranks = new Uint8Array(capacity);
  }

  /** Of several symbols at one address the one of the highest `rank` is kept, the first of these. */
  add(start: number, size: number, nameStart: number, rank = 0): void {
    const { count } = this;
    this.starts[count] = start;
    this.sizes[count] = size;
    this.nameStarts[count] = nameStart;
    this.ranks[count] = rank;
    this.count = count + 1;
  }

  finish(names: Buffer, terminator: number): SymbolTable {
    const kept = this.kept(this.order());
    const starts = new Float64Array(kept.length);
    const sizes = new Float64Array(kept.length);
    const nameStarts = new Uint32Array(kept.length);
    for (let to = 0; to < kept.length; to++) {
      const from = kept[to] ?? 0;
      starts[to] = this.starts[from] ?? 0;
      sizes[to] = this.sizes[from] ?? 0;
      nameStarts[to] = this.nameStarts[from] ?? 0;
    }
    return new SymbolTable(starts, sizes, nameStarts, names, terminator);
  }

  private kept(order: Uint32Array): Uint32Array {
    let length = 0;
    let before = Number.NaN;
    for (const index of order) {
      const start = this.starts[index] ?? 0;
      if (start !== before) order[length++] = index;
      else if (this.rank(index) > this.rank(order[length - 1] ?? 0)) order[length - 1] = index;
      before = start;
    }
    return order.subarray(0, length);
  }

  private rank(index: number): number {
    return this.ranks[index] ?? 0;
  }

  /** Indexes by address, those of one address in the order in which they were added. */
  private order(): Uint32Array {
    const starts = this.starts.subarray(0, this.count);
    if (isAscending(starts)) return upTo(this.count);
    return (
      sortedByWords(starts) ?? upTo(this.count).sort((a, b) => (starts[a] ?? 0) - (starts[b] ?? 0) || a - b)
    );
  }
}

function upTo(count: number): Uint32Array {
  const numbers = new Uint32Array(count);
  for (let index = 0; index < count; index++) numbers[index] = index;
  return numbers;
}

function isAscending(numbers: Float64Array): boolean {
  for (let index = 1; index < numbers.length; index++) {
    if ((numbers[index - 1] ?? 0) > (numbers[index] ?? 0)) return false;
  }
  return true;
}

const INDEX_BITS = 24;
const ADDRESS_BITS = 64 - INDEX_BITS;

/**
 * Sorts 64-bit words of address and index, which V8 does natively: ten times as fast as calling a comparison
 * for a table of 100,000 symbols. Undefined where addresses or indexes don't fit.
 */
function sortedByWords(starts: Float64Array): Uint32Array | undefined {
  let lowest = Infinity;
  let highest = -Infinity;
  for (const start of starts) {
    if (start < lowest) lowest = start;
    if (start > highest) highest = start;
  }
  if (highest - lowest >= 2 ** ADDRESS_BITS || starts.length >= 2 ** INDEX_BITS) return undefined;
  const halves = new Uint32Array(starts.length * 2);
  const [low, high] = LITTLE_ENDIAN ? [0, 1] : [1, 0];
  for (let index = 0; index < starts.length; index++) {
    const distance = (starts[index] ?? 0) - lowest;
    halves[2 * index + low] = (distance % 0x100) * 2 ** INDEX_BITS + index;
    halves[2 * index + high] = Math.floor(distance / 0x100);
  }
  new BigUint64Array(halves.buffer).sort();
  const order = upTo(starts.length);
  for (let index = 0; index < order.length; index++) {
    order[index] = (halves[2 * index + low] ?? 0) & (2 ** INDEX_BITS - 1);
  }
  return order;
}

const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
