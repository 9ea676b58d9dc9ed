/** Words that C17 and GNU C keep for themselves, as far as they look like names. */
const KEYWORDS = new Set(
  [
    'auto break case char const continue default do double else enum extern float for goto if inline int long',
    'register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while',
    '_Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert _Thread_local',
    'asm typeof __asm __asm__ __attribute__ __int128 __typeof__ _Float16',
  ].flatMap((words) => words.split(' ')),
);

/**
 * Names that are safe to write into C: letters, digits and underscores alone, no keyword, and each thing of a name
 * space with a name of its own. What C compilers name keeps its name; other languages' names (`Option<u32>`) and
 * damaged ones change.
 */
export class CNames {
  private readonly taken = new Set<string>();
  private readonly given = new Map<unknown, string>();

  /** Names `thing`, the same way each time. Not for anonymous things. */
  of(thing: unknown, name: string): string {
    const known = this.given.get(thing);
    if (known !== undefined) return known;
    const wanted = identifier(name);
    let unique = wanted;
    for (let count = 2; this.taken.has(unique); count++) unique = `${wanted}__${count}`;
    this.taken.add(unique);
    this.given.set(thing, unique);
    return unique;
  }
}

/** Turns any text into a C identifier. */
export function identifier(name: string): string {
  const word = name.slice(0, 512).replace(/[^A-Za-z0-9_]/g, '_');
  return word === '' || /^\d/.test(word) || KEYWORDS.has(word) ? `_${word}` : word;
}
