import { deflateSync, inflateSync } from 'node:zlib';
import { EcliError, type EcliErrorOptions, printable } from '@ecli/core';
import { type Decoder, fieldsOf, integer, mismatch, ShapeError, string } from './decoder.ts';
import { locateSyntaxError, parseExactJson } from './json-syntax.ts';
import { packageMeta } from './meta-decoder.ts';
import type { PackageMeta, ProgramPackage } from './meta.ts';

/**
 * How large an object may be once inflated. Objects are some ten to some hundred KiB; the limit only has
 * to lie far above them and far below what would hurt.
 */
export const MAX_OBJECT_SIZE = 64 * 1024 * 1024;

/**
 * Reads a JSON package. `name` is what messages call it. Unknown keys are kept, absent optional ones have
 * their defaults. Memory is bounded by the package's own size and by the `bpf_object_size` it states.
 *
 * @throws PACKAGE_INVALID naming the line and column, or the path of the key, and what was expected there
 */
export function parseJsonPackage(content: Uint8Array, name: string): ProgramPackage {
  return decodeJsonPackage(parseJson(content, name), name);
}

/** As `parseJsonPackage`, of JSON that is parsed already. @throws PACKAGE_INVALID */
export function decodeJsonPackage(json: unknown, name: string): ProgramPackage {
  try {
    return decodePackage(json, '');
  } catch (error) {
    if (error instanceof ShapeError) throw invalid(name, error.message, { cause: error });
    throw error;
  }
}

/** What of a package is written: `meta` as it stands, so that a compiler's terse one stays terse. */
export type WritablePackage = Omit<ProgramPackage, 'meta'> & { readonly meta: object };

/** Writes a JSON package. The same package gives the same bytes, with the same zlib. */
export function stringifyJsonPackage({ object, meta, extra }: WritablePackage): string {
  return JSON.stringify(packageFields({ object, meta, extra }));
}

/** The keys of a package's JSON object, for writers of other notations. */
export function packageFields({ object, meta, extra }: WritablePackage): Readonly<Record<string, unknown>> {
  return {
    ...extra,
    bpf_object: deflateSync(object, { level: 9 }).toString('base64'),
    bpf_object_size: object.byteLength,
    meta,
  };
}

function parseJson(content: Uint8Array, name: string): unknown {
  const text = decodeUtf8(content, name);
  if (text.trim() === '') throw invalid(name, 'empty, expected a JSON package');
  try {
    return parseExactJson(text);
  } catch (cause) {
    const { line, column } = locateSyntaxError(text) ?? { line: 1, column: 1 };
    throw invalid(name, `line ${line}, column ${column}: not JSON`, { cause });
  }
}

function decodeUtf8(content: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch (cause) {
    throw invalid(name, 'not JSON: the bytes are not UTF-8', { cause });
  }
}

const decodePackage: Decoder<ProgramPackage> = (json) => {
  const { bpf_object, bpf_object_size, meta, ...extra } = fieldsOf(json, '');
  const size = objectSize(bpf_object_size, 'bpf_object_size');
  const decodedMeta: PackageMeta = packageMeta(meta, 'meta');
  const object = inflateObject(base64(bpf_object, 'bpf_object'), size);
  return Object.keys(extra).length === 0
    ? { object, meta: decodedMeta }
    : { object, meta: decodedMeta, extra };
};

const objectSize = integer(1, MAX_OBJECT_SIZE);

/** Base64 of RFC 4648 section 4. Node's own decoder passes over what isn't base64. */
const base64: Decoder<Buffer> = (value, path) => {
  const encoded = string(value, path);
  const end = encoded.search(/={0,2}$/);
  const stray = encoded.slice(0, end).search(/[^A-Za-z0-9+/]/);
  if (stray >= 0) throw mismatch(`${path}: character ${stray + 1}`, 'base64', encoded.charAt(stray));
  if (end % 4 === 1) throw new ShapeError(path, `${encoded.length} characters are no base64: it is cut off`);
  return Buffer.from(encoded, 'base64');
};

/** Inflates no further than `size`, whatever the data go on to. */
function inflateObject(compressed: Uint8Array, size: number): Uint8Array {
  const object = inflate(compressed, size);
  if (object.byteLength === size) return object;
  throw new ShapeError('bpf_object', `${object.byteLength} bytes once inflated, bpf_object_size is ${size}`);
}

function inflate(compressed: Uint8Array, size: number): Uint8Array {
  try {
    return inflateSync(compressed, { maxOutputLength: size });
  } catch (cause) {
    const tooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    const problem = tooLarge ? `more than bpf_object_size (${size}) bytes once inflated` : 'broken zlib data';
    throw new ShapeError('bpf_object', problem, { cause });
  }
}

function invalid(name: string, problem: string, options: EcliErrorOptions = {}): EcliError {
  return new EcliError('PACKAGE_INVALID', `${printable(name)}: ${printable(problem)}`, options);
}
