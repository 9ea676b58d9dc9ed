import { type EcliError, listed, nearNames, printable } from '@ecli/core';
import { parseJson } from './parse-json.ts';

/** Makes the error for a document that isn't what it should be; the message has no subject yet. */
export type Complain = (problem: string, hint?: string) => EcliError;

/** A value in a document from outside, which knows where it stands there: `registries."ghcr.io/org".keys[1]`. */
export class JsonValue {
  private constructor(
    readonly value: unknown,
    readonly path: string,
    private readonly complain: Complain,
  ) {}

  /** @throws what `complain` makes, for bytes that aren't a JSON document without doubt */
  static parse(content: Uint8Array, complain: Complain): JsonValue {
    return new JsonValue(parseJson(content, complain), '', complain);
  }

  /** The members of this object. */
  members(): ReadonlyMap<string, JsonValue> {
    const { value } = this;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.expected('an object');
    return new Map(Object.entries(value).map(([name, member]) => [name, this.child(name, member)]));
  }

  /** Refuses members of other names, and names what was probably meant. */
  allow(names: readonly string[]): this {
    for (const name of this.members().keys()) {
      if (names.includes(name)) continue;
      const [near] = nearNames(name, names);
      throw this.wrong(
        `${printable(name)} is not known`,
        near ? `did you mean ${near}?` : `what may stand there: ${listed(names)}`,
      );
    }
    return this;
  }

  /** The member of that name; undefined where it is missing or null, which is how some writers spell nothing. */
  optional(name: string): JsonValue | undefined {
    const member = this.members().get(name);
    return member?.value === undefined || member.value === null ? undefined : member;
  }

  member(name: string): JsonValue {
    return this.optional(name) ?? this.fail(`${name} is missing`);
  }

  items(most = Infinity): readonly JsonValue[] {
    if (!Array.isArray(this.value)) throw this.expected('an array');
    if (this.value.length > most) throw this.wrong(`${this.value.length} entries, where ${most} are taken`);
    return this.value.map((item, index) => new JsonValue(item, `${this.path}[${index}]`, this.complain));
  }

  text(): string {
    if (typeof this.value !== 'string') throw this.expected('a string');
    return this.value;
  }

  number(): number {
    if (typeof this.value !== 'number') throw this.expected('a number');
    return this.value;
  }

  /** One of `words`. */
  word<Word extends string>(words: readonly Word[]): Word {
    const text = this.text();
    const word = words.find((candidate) => candidate === text);
    if (word !== undefined) return word;
    const [near] = nearNames(text, words);
    throw this.wrong(`${printable(text)} is none of ${words.join(', ')}`, near && `did you mean ${near}?`);
  }

  /** The members that are text; others are left out. */
  texts(): Readonly<Record<string, string>> {
    const entries = [...this.members()].map(([name, { value }]) => [name, value] as const);
    return Object.fromEntries(
      entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
    );
  }

  /** Base64 as encoders write it: with its padding, and without bits that mean nothing. */
  bytes(): Buffer {
    const text = this.text();
    const bytes = Buffer.from(text, 'base64');
    if (bytes.toString('base64') !== text) throw this.expected('base64');
    return bytes;
  }

  /** Makes the error that something is wrong with this value. */
  wrong(problem: string, hint?: string): EcliError {
    return this.complain(this.path === '' ? problem : `${this.path}: ${problem}`, hint);
  }

  private fail(problem: string): never {
    throw this.wrong(problem);
  }

  private expected(what: string): EcliError {
    return this.wrong(`expected ${what}, found ${spell(this.value)}`);
  }

  private child(name: string, value: unknown): JsonValue {
    const step = /^\w+$/.test(name) ? name : JSON.stringify(printable(name));
    return new JsonValue(value, this.path === '' ? step : `${this.path}.${step}`, this.complain);
  }
}

const SPELLED_LENGTH = 60;

function spell(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return printable(JSON.stringify(value).slice(0, SPELLED_LENGTH));
}
