/**
 * Texts of samples: `size` bytes at `at` of `view`, ended earlier by a NUL. What generated code calls for all that
 * it doesn't do by a few comparisons of words. None of the byte sequences asked for holds a NUL.
 */

/** Where the text ends. */
function endOf(view: DataView, at: number, size: number): number {
  const limit = at + size;
  let end = at;
  while (end < limit && view.getUint8(end) !== 0) end++;
  return end;
}

export function textContains(view: DataView, at: number, size: number, bytes: Uint8Array): boolean {
  const last = endOf(view, at, size) - bytes.length;
  for (let begin = at; begin <= last; begin++) if (holdsAt(view, begin, bytes)) return true;
  return false;
}

export function textEnds(view: DataView, at: number, size: number, bytes: Uint8Array): boolean {
  const begin = endOf(view, at, size) - bytes.length;
  return begin >= at && holdsAt(view, begin, bytes);
}

function holdsAt(view: DataView, begin: number, bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index++) {
    if (view.getUint8(begin + index) !== bytes[index]) return false;
  }
  return true;
}

/** Whether two texts are the same. */
export function textsEqual(
  view: DataView,
  at: number,
  size: number,
  otherAt: number,
  otherSize: number,
): boolean {
  const end = endOf(view, at, size);
  if (end - at !== endOf(view, otherAt, otherSize) - otherAt) return false;
  for (let index = at; index < end; index++) {
    if (view.getUint8(index) !== view.getUint8(otherAt + index - at)) return false;
  }
  return true;
}

let decodedMemory: ArrayBufferLike | undefined;
let decodable: Buffer = Buffer.alloc(0);

/** Whether `pattern` finds something in a text; what is no UTF-8 reads as U+FFFD. */
export function textMatches(view: DataView, at: number, size: number, pattern: RegExp): boolean {
  if (view.buffer !== decodedMemory) {
    decodedMemory = view.buffer;
    decodable = Buffer.from(view.buffer);
  }
  const begin = view.byteOffset + at;
  return pattern.test(decodable.toString('utf8', begin, view.byteOffset + endOf(view, at, size)));
}

/** Compares two texts of at most `size` bytes as strcmp does. */
export function compareTexts(view: DataView, at: number, otherAt: number, size: number): number {
  for (let index = 0; index < size; index++) {
    const byte = view.getUint8(at + index);
    const difference = byte - view.getUint8(otherAt + index);
    if (difference !== 0 || byte === 0) return difference;
  }
  return 0;
}
