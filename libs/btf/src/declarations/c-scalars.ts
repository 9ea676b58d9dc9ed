import type { EnumType, FloatType, IntType, ResolvedType } from '../types.ts';

/** What an integer type's name may be made of, in any order, and the bytes it then has (LP64, as BPF is). */
const INT_WORDS = /^(?:(?:unsigned|signed|short|long|int|char|__int128|_Bool) ?)+$/;

/** Spells an integer type; one that C has no such name for gets the name that C has for its size. */
export function spellInt(type: IntType): string {
  const name = type.name.trim();
  if (name === '_Bool' || name === 'bool') return type.size === 1 ? '_Bool' : bySize(type);
  return INT_WORDS.test(name) && sizeOfWords(name) === type.size ? name : bySize(type);
}

function bySize({ size, signed }: Pick<IntType, 'size' | 'signed'>): string {
  const name = INTS[size] ?? 'char';
  return signed && name !== 'char' ? name : `${signed ? 'signed' : 'unsigned'} ${name}`;
}

const INTS: Readonly<Record<number, string>> = {
  1: 'char',
  2: 'short',
  4: 'int',
  8: 'long long',
  16: '__int128',
};

function sizeOfWords(name: string): number {
  const words = name.split(' ');
  if (words.includes('__int128')) return 16;
  if (words.includes('char')) return 1;
  if (words.includes('short')) return 2;
  return words.includes('long') ? 8 : 4;
}

const FLOATS: Readonly<Record<number, string>> = {
  2: '_Float16',
  4: 'float',
  8: 'double',
  16: 'long double',
};

/** Spells a floating-point type; of one that C doesn't have only the size is kept. */
export function spellFloat({ size }: FloatType): string {
  return FLOATS[size] ?? 'long double';
}

/** Spells the integer that an enum without enumerators is stored as. */
export function spellEnumStorage({ size, signed }: EnumType): string {
  return bySize({ size: size === 0 ? 4 : size, signed });
}

/** Whether C lets a bit-field of `bits` be of this type. A _Bool has one bit. */
export function isCBits(type: ResolvedType, bits: number): boolean {
  return type.kind === 'enum' || (type.kind === 'int' && !(type.bool && type.size === 1 && bits > 1));
}
