const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING: readonly number[] = [0x5b, 0x7b];
const CLOSING: readonly number[] = [0x5d, 0x7d];

/** Tells whether arrays and objects of JSON stand in each other more than `most` times. It need not be valid. */
export function isNestedDeeperThan(most: number, json: Uint8Array): boolean {
  let levels = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at] ?? 0;
    if (byte === QUOTE) at = endOfString(json, at);
    else if (OPENING.includes(byte) && ++levels > most) return true;
    else if (CLOSING.includes(byte)) levels--;
  }
  return false;
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}
