/**
 * Turns a value of unknown shape, found at `path` in a document, into a `T`.
 *
 * @throws ShapeError naming the path, what was expected there and what was found
 */
export type Decoder<T> = (value: unknown, path: string) => T;

/** Something in a document is not as it should be; the message begins with its path. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';

  constructor(path: string, problem: string, options?: ErrorOptions) {
    super(path === '' ? problem : `${path}: ${problem}`, options);
  }
}

/** The error of a value that is of another shape than `expected`. */
export function mismatch(path: string, expected: string, value: unknown): ShapeError {
  return new ShapeError(path, `expected ${expected}, found ${describe(value)}`);
}

export const unknown: Decoder<unknown> = (value) => value;

export const string: Decoder<string> = (value, path) => {
  if (typeof value === 'string') return value;
  throw mismatch(path, 'a string', value);
};

export const boolean: Decoder<boolean> = (value, path) => {
  if (typeof value === 'boolean') return value;
  throw mismatch(path, 'true or false', value);
};

/** Text for people: compilers that parse every comment as JSON write `0.1` for a version. */
export const text: Decoder<string> = (value, path) => {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return string(value, path);
};

/** A whole number from `minimum` to `maximum`, both included. */
export function integer(minimum: number, maximum: number): Decoder<number> {
  return (value, path) => {
    if (typeof value === 'number' && Number.isInteger(value) && value >= minimum && value <= maximum) {
      return value;
    }
    throw mismatch(path, `a whole number from ${minimum} to ${maximum}`, value);
  };
}

/** One of the given strings. */
export function oneOf<const T extends string>(...choices: readonly T[]): Decoder<T> {
  return (value, path) => {
    const choice = choices.find((candidate) => candidate === value);
    if (choice !== undefined) return choice;
    throw mismatch(path, choices.map((candidate) => `"${candidate}"`).join(' or '), value);
  };
}

export function array<T>(item: Decoder<T>): Decoder<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) throw mismatch(path, 'an array', value);
    return value.map((element, index) => item(element, `${path}[${index}]`));
  };
}

/** As `array`; an absent array and `null` are empty ones. */
export function arrayOrNull<T>(item: Decoder<T>): Decoder<readonly T[]> {
  return withDefault(array(item), []);
}

/** Takes `fallback` where the key is absent or null. */
export function withDefault<T>(decoder: Decoder<T>, fallback: T): Decoder<T> {
  return (value, path) => (value === undefined || value === null ? fallback : decoder(value, path));
}

/** Leaves the key out where it is absent or null. */
export function optional<T>(decoder: Decoder<T>): Decoder<T | undefined> {
  return (value, path) => (value === undefined || value === null ? undefined : decoder(value, path));
}

type Shape<T> = { readonly [K in keyof Required<T>]: Decoder<T[K]> };

/**
 * An object with at least the keys of `shape`. Keys that the shape doesn't name are kept as they are;
 * keys whose decoder returns undefined are left out.
 */
export function object<T extends object>(shape: Shape<T>): Decoder<T> {
  const decoders = Object.entries<Decoder<unknown>>(shape);
  return (value, path) => {
    const fields = fieldsOf(value, path);
    // A Map, and entries defined rather than assigned: `__proto__` is a key like any other.
    const decoded = new Map(Object.entries(fields));
    for (const [key, decode] of decoders) {
      const field = decode(decoded.get(key), path === '' ? key : `${path}.${key}`);
      if (field === undefined) decoded.delete(key);
      else decoded.set(key, field);
    }
    return Object.fromEntries(decoded) as T; // each key of T has gone through its decoder
  };
}

/** The value as an object with string keys; arrays and null are none. */
export function fieldsOf(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw mismatch(path, 'an object', value);
}

const QUOTED_LENGTH = 40;

function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value !== 'string') return `a ${typeof value}`;
  const shown = value.length > QUOTED_LENGTH ? `${value.slice(0, QUOTED_LENGTH)}…` : value;
  return JSON.stringify(shown);
}
