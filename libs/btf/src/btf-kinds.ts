import type { BtfType } from './types.ts';

/** How a kind is stored: a header of three words, then `words`, then `wordsEach` for each of its `vlen` parts. */
interface KindLayout {
  readonly kind: BtfType['kind'];
  readonly words: number;
  readonly wordsEach: number;
}

/** By the number that BTF stores: `BTF_KIND_*` and the structs behind them in linux/include/uapi/linux/btf.h. */
export const KIND_LAYOUTS: readonly (KindLayout | undefined)[] = [
  undefined, // 0 is void, which isn't stored
  { kind: 'int', words: 1, wordsEach: 0 },
  { kind: 'pointer', words: 0, wordsEach: 0 },
  { kind: 'array', words: 3, wordsEach: 0 },
  { kind: 'struct', words: 0, wordsEach: 3 },
  { kind: 'union', words: 0, wordsEach: 3 },
  { kind: 'enum', words: 0, wordsEach: 2 },
  { kind: 'forward', words: 0, wordsEach: 0 },
  { kind: 'typedef', words: 0, wordsEach: 0 },
  { kind: 'volatile', words: 0, wordsEach: 0 },
  { kind: 'const', words: 0, wordsEach: 0 },
  { kind: 'restrict', words: 0, wordsEach: 0 },
  { kind: 'function', words: 0, wordsEach: 0 }, // its vlen is the linkage
  { kind: 'function_prototype', words: 0, wordsEach: 2 },
  { kind: 'variable', words: 1, wordsEach: 0 },
  { kind: 'data_section', words: 0, wordsEach: 3 },
  { kind: 'float', words: 0, wordsEach: 0 },
  { kind: 'declaration_tag', words: 1, wordsEach: 0 },
  { kind: 'type_tag', words: 0, wordsEach: 0 },
  { kind: 'enum', words: 0, wordsEach: 3 }, // ENUM64
];

/** `BTF_KIND_*`, as far as raw words are read by kind. */
export const KIND_INT = 1;
export const KIND_ARRAY = 3;
const KIND_TYPEDEF = 8;
const KIND_RESTRICT = 11;
export const KIND_FUNC = 12;
export const KIND_FUNC_PROTO = 13;
export const KIND_VAR = 14;
export const KIND_DATASEC = 15;
const KIND_TYPE_TAG = 18;
export const KIND_ENUM64 = 19;

/** Typedefs, qualifiers and type tags: what a type is looked for behind. */
export function isModifier(kind: number): boolean {
  return (kind >= KIND_TYPEDEF && kind <= KIND_RESTRICT) || kind === KIND_TYPE_TAG;
}
