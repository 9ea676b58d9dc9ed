import {
  isModifier,
  KIND_ARRAY,
  KIND_DATASEC,
  KIND_FUNC,
  KIND_FUNC_PROTO,
  KIND_LAYOUTS,
  KIND_VAR,
} from './btf-kinds.ts';
import type { BtfReader } from './btf-reader.ts';
import { MOST_MODIFIERS } from './limits.ts';
import { objectInvalid } from './object-invalid.ts';

/** Kinds whose third word is a type: pointers, typedefs, qualifiers, functions and prototypes, variables, tags. */
const HEAD_REFERS = new Set([2, 8, 9, 10, 11, KIND_FUNC, KIND_FUNC_PROTO, KIND_VAR, 17, 18]);
/** By kind, the word of each part that is a type: members, parameters, variables. */
const PART_TYPE: Readonly<Record<number, number>> = { 4: 1, 5: 1, [KIND_FUNC_PROTO]: 1, [KIND_DATASEC]: 0 };
/** Kinds whose parts begin with a name: structs, unions, enums, prototypes. */
const PARTS_NAMED = new Set([4, 5, 6, KIND_FUNC_PROTO, 19]);

/**
 * Checks that all ids and names that types refer to exist, that functions have prototypes and data sections
 * variables, and that no typedef leads to itself. Reads words only, so that it costs little.
 *
 * @throws OBJECT_INVALID
 */
export function checkReferences(reader: BtfReader): void {
  for (let id = 1; id < reader.count; id++) {
    const kind = reader.kind(id);
    expectName(reader, id, reader.nameOffset(id));
    if (HEAD_REFERS.has(kind)) expectType(reader, id, reader.sizeOrType(id));
    if (kind === KIND_ARRAY) for (const word of [0, 1]) expectType(reader, id, reader.extra(id, word));
    if (kind === KIND_FUNC) expectKind(reader, id, reader.sizeOrType(id), KIND_FUNC_PROTO);
    checkParts(reader, id, kind);
  }
  for (let id = 1; id < reader.count; id++) checkChain(reader, id);
}

function checkParts(reader: BtfReader, id: number, kind: number): void {
  const stride = KIND_LAYOUTS[kind]?.wordsEach ?? 0;
  if (stride === 0) return;
  const typeWord = PART_TYPE[kind];
  const named = PARTS_NAMED.has(kind);
  for (let part = 0; part < reader.vlen(id); part++) {
    const at = part * stride;
    if (named) expectName(reader, id, reader.extra(id, at));
    if (typeWord === undefined) continue;
    const type = reader.extra(id, at + typeWord);
    expectType(reader, id, type);
    if (kind === KIND_DATASEC) expectKind(reader, id, type, KIND_VAR, KIND_FUNC);
  }
}

/** Typedefs, qualifiers and type tags must end somewhere. */
function checkChain(reader: BtfReader, id: number): void {
  let at = id;
  for (let hop = 0; hop <= MOST_MODIFIERS; hop++) {
    if (at === 0 || !isModifier(reader.kind(at))) return;
    at = reader.sizeOrType(at);
  }
  throw objectInvalid(`BTF type ${id}: its typedefs or qualifiers go in a circle`);
}

function expectType(reader: BtfReader, id: number, target: number): void {
  if (target >= reader.count) {
    throw objectInvalid(`BTF type ${id}: refers to type ${target} among ${reader.count}`);
  }
}

function expectKind(reader: BtfReader, id: number, target: number, ...kinds: readonly number[]): void {
  if (target !== 0 && kinds.includes(reader.kind(target))) return;
  const names = kinds.map((kind) => KIND_LAYOUTS[kind]?.kind).join(' or ');
  throw objectInvalid(`BTF type ${id}: refers to type ${target}, which is no ${names}`);
}

function expectName(reader: BtfReader, id: number, offset: number): void {
  if (offset < reader.strings.byteLength) return;
  throw objectInvalid(`BTF type ${id}: has a name at ${offset}, outside the strings`);
}
