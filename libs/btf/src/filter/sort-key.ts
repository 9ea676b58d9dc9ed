import { ArgumentError, listed, printable } from '@ecli/core';
import type { Field, Layout } from '../render/layout.ts';
import { integerParts } from '../render/reads.ts';
import type { SampleMemory } from '../render/renderer.ts';
import { described, memberAt } from './member.ts';
import { radixOrder } from './radix-order.ts';
import { compareTexts } from './text-tests.ts';

/** The order in which the entries of a sampled map are shown. */
export interface SortKey {
  readonly descending: boolean;
  /**
   * Sorts `count` samples that lie `stride` bytes apart from the start of `memory`: the number of the first to show,
   * and so on. Equal ones stay as they are. A million take some 200 ms, by text a second.
   */
  order(memory: SampleMemory, stride: number, count: number): Uint32Array;
}

/** Stores the sort key of the sample at `at`, in words that are compared as unsigned numbers, the lowest first. */
type StoreWords = (view: DataView, at: number, words: Uint32Array, index: number, count: number) => void;

/**
 * Compiles a sort key for samples laid out as `layout`: a member's path as in filters, and `-` before it for the
 * largest first. Numbers are sorted by value, enums by their numbers, texts by their bytes; what is no number comes
 * after all that are.
 *
 * @throws ARGUMENT_INVALID for a member that isn't there, or that has no order
 */
export function compileSortKey(layout: Layout, spec: string): SortKey {
  const descending = spec.startsWith('-');
  const member = memberAt(layout, descending ? spec.slice(1) : spec);
  switch (member.shape.kind) {
    case 'string':
      return { descending, order: textOrder(member, descending) };
    case 'integer':
    case 'bool':
    case 'enum':
    case 'float':
      return { descending, order: numberOrder(member, descending) };
    default:
      throw unordered(member);
  }
}

function unordered({ name, shape }: Field): ArgumentError {
  const members =
    'fields' in shape
      ? `one of its members: ${listed(shape.fields.map((field) => `${name}.${field.name}`))}`
      : `an element of it: ${printable(name)}[0]`;
  return new ArgumentError(`${printable(name)} is ${described(shape)}, which has no order`, [], {
    hint: members,
  });
}

function numberOrder(member: Field, descending: boolean): SortKey['order'] {
  const keys = keyWords(member, descending);
  const store = compileStore(keys);
  return ({ view }, stride, count) => {
    const words = new Uint32Array(count * keys.length);
    for (let index = 0, at = 0; index < count; index++, at += stride) store(view, at, words, index, count);
    return radixOrder(words, count);
  };
}

/** The expressions for a number's sort key, low first: 32 bits each, in the order of unsigned numbers. */
function keyWords({ shape, bitOffset, bitSize }: Field, descending: boolean): string[] {
  const signed = 'signed' in shape && shape.signed;
  const parts = integerParts({ at: 'at', bitOffset, bitSize }, shape.size, signed);
  const last = parts.length - 1;
  const words = parts.map((part, index) => {
    if (shape.kind === 'bool') return index === 0 ? `(${parts.join(' | ')}) !== 0 ? 1 : 0` : '0';
    // The bits of a float have the order of its value once a negative one's are all flipped, and else the sign's.
    if (shape.kind === 'float')
      return `(${part}) ^ ((${parts[last]}) >> 31${index === last ? ' | 1 << 31' : ''})`;
    return signed && index === last ? `(${part}) ^ 1 << 31` : part;
  });
  return descending ? words.map((word) => `~(${word})`) : words;
}

/** Makes the source from numbers and our own words only. */
function compileStore(words: readonly string[]): StoreWords {
  const stores = words.map((word, index) => `words[index + ${index} * count] = ${word};\n`);
  const source = `'use strict';\nreturn (view, at, words, index, count) => {\n${stores.join('')}};`;
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- nothing from outside is part of the source
  return (new Function(source) as () => StoreWords)();
}

function textOrder({ bitOffset, shape: { size } }: Field, descending: boolean): SortKey['order'] {
  const sign = descending ? -1 : 1;
  return ({ view }, stride, count) => {
    const start = bitOffset / 8;
    const order = new Uint32Array(count).map((_, index) => index);
    return order.sort((a, b) => sign * compareTexts(view, start + a * stride, start + b * stride, size));
  };
}
