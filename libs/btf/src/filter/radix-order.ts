const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;
const WORD_BITS = 32;

/**
 * Sorts `count` keys of one or more words and returns their numbers in ascending order, equal ones as they were.
 * Word `w` of key `k` is `words[k + w * count]`, the lowest first. Takes time in proportion to `count`.
 */
export function radixOrder(words: Uint32Array, count: number): Uint32Array {
  let order = new Uint32Array(count).map((_, index) => index);
  let sorted = new Uint32Array(count);
  for (let begin = 0; begin < words.length; begin += count) {
    const word = words.subarray(begin, begin + count);
    for (let shift = 0; shift < WORD_BITS; shift += DIGIT_BITS) {
      if (!sortByDigit(word, shift, order, sorted)) continue;
      [order, sorted] = [sorted, order];
    }
  }
  return order;
}

/** Sorts `order` by one digit into `sorted`; returns false where that is the same for all. */
function sortByDigit(word: Uint32Array, shift: number, order: Uint32Array, sorted: Uint32Array): boolean {
  const starts = new Uint32Array(DIGITS + 1);
  for (const value of word) increment(starts, digitOf(value, shift) + 1);
  if (starts.includes(word.length)) return false;
  for (let digit = 1; digit < DIGITS; digit++)
    starts[digit] = (starts[digit] ?? 0) + (starts[digit - 1] ?? 0);
  for (const index of order) sorted[increment(starts, digitOf(word[index] ?? 0, shift))] = index;
  return true;
}

function digitOf(value: number, shift: number): number {
  return (value >>> shift) & (DIGITS - 1);
}

/** Returns what was there. */
function increment(counts: Uint32Array, index: number): number {
  const count = counts[index] ?? 0;
  counts[index] = count + 1;
  return count;
}
