import { EcliError, printable } from '@ecli/core';
import { isNestedDeeperThan } from './nesting.ts';

/** A value of a document and where it stands there: `layers[2].size`. */
export interface JsonValue {
  readonly value: unknown;
  readonly path: string;
}

/** Documents of the specification have five; the two million that fit in a manifest would block for half a second. */
const MOST_LEVELS = 100;

export type JsonObject = Readonly<Record<string, unknown>>;

/** Makes the error of a document that isn't what it should be. */
export function invalid(
  name: string,
  problem: string,
  options: { hint?: string; cause?: unknown } = {},
): EcliError {
  return new EcliError('MANIFEST_INVALID', `${printable(name)}: ${printable(problem)}`, options);
}

/**
 * Reads one document by name, value by value; members that nobody asks for may be anything.
 * Every method throws MANIFEST_INVALID naming the document and the path in it.
 */
export class JsonReader {
  constructor(readonly name: string) {}

  parse(bytes: Uint8Array): JsonObject {
    if (isNestedDeeperThan(MOST_LEVELS, bytes)) {
      throw invalid(this.name, `nested deeper than the ${MOST_LEVELS} levels that are taken`);
    }
    try {
      const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return this.object({ value: JSON.parse(text) as unknown, path: '' });
    } catch (cause) {
      if (cause instanceof EcliError) throw cause;
      throw invalid(this.name, cause instanceof SyntaxError ? 'not JSON' : 'not UTF-8', { cause });
    }
  }

  object({ value, path }: JsonValue): JsonObject {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
    throw this.expected('an object', { value, path });
  }

  array({ value, path }: JsonValue, most: number): readonly JsonValue[] {
    if (!Array.isArray(value)) throw this.expected('an array', { value, path });
    if (value.length > most) {
      throw invalid(this.name, `${path}: ${value.length} entries, where ${most} are taken`);
    }
    return (value as readonly unknown[]).map((entry, index) => ({ value: entry, path: `${path}[${index}]` }));
  }

  text({ value, path }: JsonValue): string {
    if (typeof value === 'string') return value;
    throw this.expected('a string', { value, path });
  }

  optionalText({ value, path }: JsonValue): string | undefined {
    return value === undefined || value === null ? undefined : this.text({ value, path });
  }

  size({ value, path }: JsonValue): number {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    throw this.expected('a size in bytes', { value, path });
  }

  /** An object whose values are strings; those that aren't are left out, for nobody may rely on them. */
  texts({ value, path }: JsonValue): Readonly<Record<string, string>> | undefined {
    if (value === undefined || value === null) return undefined;
    const entries = Object.entries(this.object({ value, path }));
    return Object.fromEntries(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  }

  expected(what: string, { value, path }: JsonValue): EcliError {
    const where = path === '' ? '' : `${path}: `;
    return invalid(this.name, `${where}expected ${what}, found ${describe(value)}`);
  }
}

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return JSON.stringify(value).slice(0, 64);
}
