import { EcliError, printable } from '@ecli/core';
import type { Btf } from '../btf.ts';
import type { EnumType } from '../types.ts';
import { expectSampleSize, invalid, LayoutReader } from './layout-reader.ts';

/** The part of Btf that layouts are made from. */
export type TypeSource = Pick<Btf, 'type' | 'resolve' | 'sizeOf' | 'spell'>;

/** What a value is to whoever reads a row: BTF's types less all that doesn't show. */
export type Shape =
  IntegerShape | BoolShape | EnumShape | FloatShape | StringShape | ArrayShape | CompositeShape | RecordShape;

interface Sized {
  /** Bytes. */
  readonly size: number;
  /** Levels of structs, unions and arrays, this one included; 0 for a scalar. */
  readonly height: number;
}

/** Also a pointer, which is unsigned. A single `char` is a number too: BTF can't tell a letter from a small int. */
export interface IntegerShape extends Sized {
  readonly kind: 'integer';
  readonly signed: boolean;
}

export interface BoolShape extends Sized {
  readonly kind: 'bool';
}

export interface EnumShape extends Sized {
  readonly kind: 'enum';
  /** Empty when anonymous. */
  readonly name: string;
  readonly signed: boolean;
  readonly values: EnumType['values'];
}

export interface FloatShape extends Sized {
  readonly kind: 'float';
}

/** An array of plain `char`, ended by a NUL or by its size. Arrays of signed or unsigned char are numbers. */
export interface StringShape extends Sized {
  readonly kind: 'string';
}

export interface ArrayShape extends Sized {
  readonly kind: 'array';
  readonly element: Shape;
  /** 0 for a flexible array. */
  readonly length: number;
  /** Bytes from one element to the next: more than an element's size where they are one for each CPU. */
  readonly stride: number;
}

export interface CompositeShape extends Sized {
  readonly kind: 'struct' | 'union';
  /** Empty when anonymous. */
  readonly name: string;
  readonly fields: readonly Field[];
}

/** A key or a value of a map: an object of its fields as an event is, which doesn't say its type's kind and name. */
export interface RecordShape extends Sized {
  readonly kind: 'record';
  /** A struct's members, or one that is named by the type where it is anything else. */
  readonly fields: readonly Field[];
  /** Whether it is no struct, so that its one field is all there is. */
  readonly isLone: boolean;
}

/** A named value in a sample or in a composite. */
export interface Field {
  readonly name: string;
  readonly shape: Shape;
  /** From the start of what holds the field. */
  readonly bitOffset: number;
  /** Width of a bit-field; 0 for an ordinary one, which lies on whole bytes. */
  readonly bitSize: number;
}

/** What a row shows, in order, of a sample of `size` bytes. */
export interface Layout {
  /** For people: the type as C spells it, printable. */
  readonly spelling: string;
  readonly size: number;
  readonly fields: readonly Field[];
  /** True for an entry of a map, whose fields are `key` and `value`. */
  readonly isEntry?: boolean;
}

/** A value that a package places in a sample by itself (`custom_members`). */
export interface PlacedMember {
  readonly name: string;
  /** Bytes from the start of the sample. */
  readonly offset: number;
  readonly typeId: number;
}

/** What the keys and values of a map are. */
export interface EntryTypes {
  /** Absent for a map without keys, as queues and stacks are. */
  readonly keyType?: number | undefined;
  readonly valueType: number;
  /** How many values an entry has, one for each possible CPU; absent for a map that has one. */
  readonly cpus?: number | undefined;
}

/** Where a map's value begins, and each CPU's: copy_map_value and bpf_percpu_hash_copy of the kernel round up. */
const VALUE_ALIGNMENT = 8;

/**
 * Lays out the type `typeId`: a struct's members, or a single field named by the type where it is anything else.
 * Members of anonymous structs and unions count as members of what holds them, as in C; unnamed bit-fields are
 * padding.
 *
 * @throws PACKAGE_INVALID naming the member that can't be shown, and what Btf.sizeOf throws
 */
export function layoutOf(btf: TypeSource, typeId: number): Layout {
  const spelling = printable(btf.spell(typeId));
  const { size, fields } = new LayoutReader(btf).record(typeId, spelling, 0);
  expectSampleSize(size, spelling);
  return { spelling, size, fields };
}

/**
 * Lays out a sample by what a package says of its members, each of a type of its own. `size` is the sample's, where
 * that is known; else it ends with the member that reaches furthest.
 *
 * @throws PACKAGE_INVALID naming the member: past the end, at no sensible offset, of a type that isn't there, or that
 * contains itself, or that can't be shown, or called as another one
 */
export function layoutOfMembers(
  btf: TypeSource,
  sample: { readonly name: string; readonly size?: number | undefined },
  members: readonly PlacedMember[],
): Layout {
  const spelling = printable(sample.name);
  const reader = new LayoutReader(btf);
  const names = new Set<string>();
  let end = 0;
  const fields = members.map(({ name, offset, typeId }): Field => {
    const path = `${spelling}.${printable(name)}`;
    if (names.has(name)) throw invalid(path, 'there are two members of this name');
    names.add(name);
    const shape = placedShape(reader, path, typeId);
    expectPlace(path, offset, shape.size, sample.size);
    end = Math.max(end, offset + shape.size);
    return { name, shape, bitOffset: offset * 8, bitSize: 0 };
  });
  const size = sample.size ?? end;
  expectSampleSize(size, spelling);
  return { spelling, size, fields };
}

function placedShape(reader: LayoutReader, path: string, typeId: number): Shape {
  try {
    return reader.shapeOf(typeId, path, 1);
  } catch (error) {
    if (!(error instanceof EcliError) || error.code === 'PACKAGE_INVALID') throw error;
    throw invalid(path, error.message, { cause: error });
  }
}

function expectPlace(path: string, offset: number, size: number, end: number | undefined): void {
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw invalid(path, `its offset, ${offset}, is no number of bytes`);
  }
  if (end === undefined || offset + size <= end) return;
  throw invalid(path, `${size} bytes at ${offset} are past the end of its sample, which has ${end}`);
}

/**
 * Lays out an entry of a map as one piece of memory: the key, and from the next multiple of eight bytes on the value,
 * or the values of all CPUs, each at a multiple of eight.
 *
 * @throws PACKAGE_INVALID naming the member that can't be shown, and what Btf.sizeOf throws
 */
export function entryLayout(btf: TypeSource, { keyType, valueType, cpus }: EntryTypes): Layout {
  const reader = new LayoutReader(btf);
  const spelling = [keyType, valueType]
    .flatMap((type) => (type === undefined ? [] : [printable(btf.spell(type))]))
    .join(' and ');
  const fields: Field[] = [];
  let start = 0;
  if (keyType !== undefined) {
    const key = reader.record(keyType, `${spelling}: key`, 1);
    fields.push({ name: 'key', shape: key, bitOffset: 0, bitSize: 0 });
    start = aligned(key.size);
  }
  const record = reader.record(valueType, `${spelling}: value`, 2);
  const value = cpus === undefined ? record : oneForEachCpu(record, cpus);
  fields.push({ name: 'value', shape: value, bitOffset: start * 8, bitSize: 0 });
  const size = start + value.size;
  expectSampleSize(size, spelling);
  return { spelling, size, fields, isEntry: true };
}

function oneForEachCpu(element: RecordShape, length: number): ArrayShape {
  const stride = aligned(element.size);
  return { kind: 'array', size: stride * length, height: element.height + 1, element, length, stride };
}

function aligned(size: number): number {
  return Math.ceil(size / VALUE_ALIGNMENT) * VALUE_ALIGNMENT;
}
