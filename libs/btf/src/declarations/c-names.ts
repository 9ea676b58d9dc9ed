/** Words that C17 and GNU C keep for themselves, as far as they look like names. */
const KEYWORDS = new Set(
  [
    'auto break case char const continue default do double else enum extern float for goto if inline int long',
    'register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while',
    '_Alignas _Alignof _Atomic _Bool _Complex _Generic _Imaginary _Noreturn _Static_assert _Thread_local',
    'asm typeof __alignof __alignof__ __asm __asm__ __attribute __attribute__ __auto_type __complex __complex__',
    '__const __const__ __extension__ __func__ __FUNCTION__ __PRETTY_FUNCTION__ __imag __imag__ __inline __inline__',
    '__int128 __int128_t __uint128_t __label__ __null __real __real__ __restrict __restrict__ __signed __signed__',
    '__thread __typeof __typeof__ __volatile __volatile__',
    '_Decimal32 _Decimal64 _Decimal128 _Float16 _Float32 _Float32x _Float64 _Float64x _Float128 __float128 __fp16',
    '_Nonnull _Nullable _Null_unspecified',
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

/** What can't begin a name: digits, and what compilers build in (`__builtin_va_list`). */
const RESERVED_START = /^(?:\d|__builtin_)/;

/** Turns any text into a C identifier. */
export function identifier(name: string): string {
  const word = name.slice(0, 512).replace(/[^A-Za-z0-9_]/g, '_');
  return word === '' || RESERVED_START.test(word) || KEYWORDS.has(word) ? `_${word}` : word;
}
