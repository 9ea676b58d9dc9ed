import type { EnumShape, Field, IntegerShape, Layout, Shape } from '../render/layout.ts';

/** A JSON Schema, of draft 2020-12, as plain JSON. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** 2020-12, the draft whose words are used. */
const JSON_SCHEMA_DRAFT = 'https://json-schema.org/draft/2020-12/schema';

/** What a line has beside its layout's fields. */
export interface RecordOptions {
  /** Ends in `kstack` and `ustack`, arrays of frames. */
  readonly stacks?: boolean;
}

const FRAME: JsonSchema = {
  type: 'object',
  properties: {
    address: { type: 'string', pattern: '^0x[0-9a-f]{16}$' },
    symbol: { type: 'string' },
    offset: { type: 'integer', minimum: 0 },
    path: { type: 'string' },
  },
  required: ['address'],
  additionalProperties: false,
};

const STACKS: JsonSchema = {
  kstack: { type: 'array', items: FRAME },
  ustack: { type: 'array', items: FRAME },
};

/**
 * Describes the lines that `compileJsonRow` makes of samples laid out as `layout`. Struct and union types that
 * occur more than once stand in `$defs`. Integers keep their range: validators that read numbers as doubles see
 * those past 2^53 rounded, and accept them.
 */
export function jsonSchema(layout: Layout, { stacks = false }: RecordOptions = {}): JsonSchema {
  const writer = new SchemaWriter();
  const { type, ...record } = writer.record(layout.fields, {}, stacks ? STACKS : {});
  return { $schema: JSON_SCHEMA_DRAFT, title: layout.spelling, type, ...record, ...writer.definitions() };
}

class SchemaWriter {
  /** A composite has one shape however often it occurs. */
  private readonly names = new Map<Shape, string>();
  private readonly schemas: Record<string, JsonSchema> = {};

  definitions(): JsonSchema {
    return Object.keys(this.schemas).length === 0 ? {} : { $defs: this.schemas };
  }

  /** `marks` stand before the fields, `rest` after them. */
  record(fields: readonly Field[], marks: JsonSchema = {}, rest: JsonSchema = {}): JsonSchema {
    const own = fields.map((field) => [field.name, this.field(field)] as const);
    const properties = Object.fromEntries([...Object.entries(marks), ...own, ...Object.entries(rest)]);
    return {
      type: 'object',
      properties,
      required: Object.keys(properties),
      additionalProperties: false,
    };
  }

  private field({ shape, bitSize }: Field): JsonSchema {
    return shape.kind === 'integer' && bitSize > 0 ? integer(shape, bitSize) : this.value(shape);
  }

  private value(shape: Shape): JsonSchema {
    switch (shape.kind) {
      case 'integer':
        return integer(shape, shape.size * 8);
      case 'bool':
        return { type: 'boolean' };
      case 'enum':
        return { type: 'string', pattern: enumPattern(shape) };
      case 'float':
        return { type: ['number', 'null'] };
      case 'string':
        return { type: 'string', maxLength: shape.size };
      case 'array':
        return {
          type: 'array',
          items: this.value(shape.element),
          minItems: shape.length,
          maxItems: shape.length,
        };
      case 'record':
        return this.record(shape.fields);
      case 'struct':
      case 'union':
        return { $ref: `#/$defs/${pointerToken(this.define(shape))}` };
    }
  }

  private define(shape: Extract<Shape, { kind: 'struct' | 'union' }>): string {
    const known = this.names.get(shape);
    if (known !== undefined) return known;
    const wanted = `${shape.kind} ${shape.name === '' ? '(anonymous)' : shape.name}`;
    const name = Object.hasOwn(this.schemas, wanted) ? `${wanted} ${this.names.size + 1}` : wanted;
    this.names.set(shape, name);
    this.schemas[name] = {};
    const marks = { __EUNOMIA_TYPE: { const: shape.kind }, __EUNOMIA_TYPE_NAME: { const: shape.name } };
    this.schemas[name] = this.record(shape.fields, marks);
    return name;
  }
}

function integer({ size, signed }: IntegerShape, bits: number): JsonSchema {
  if (size === 16) return { type: 'string', pattern: signed ? '^-?[0-9]{1,39}$' : '^[0-9]{1,39}$' };
  const span = 2 ** (signed ? bits - 1 : bits);
  return { type: 'integer', minimum: signed ? -span : 0, maximum: largest(span) };
}

/** One less than a power of two, which a double can't hold past 2^53: there the power itself, which is the next. */
function largest(span: number): number {
  return Number.isSafeInteger(span - 1) ? span - 1 : span;
}

/** Names with their values, and any other value as the rows show it. */
function enumPattern({ values, signed }: EnumShape): string {
  const known = firstNames(values).map(({ name, value }) => `${escaped(name)}\\(${value}\\)`);
  const unknown = `<UNKNOWN_VARIANT>\\(${signed ? '-?' : ''}[0-9]+\\)`;
  return `^(?:${[...known, unknown].join('|')})$`;
}

/** Of two names for one value rows show the first. */
export function firstNames(values: EnumShape['values']): EnumShape['values'] {
  const byValue = new Map<bigint, EnumShape['values'][number]>();
  for (const entry of values) if (!byValue.has(entry.value)) byValue.set(entry.value, entry);
  return [...byValue.values()];
}

/** Makes text match itself in a regular expression with the `u` flag, which validators use. */
function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** RFC 6901, section 3, and RFC 3986 for what stands in a URI's fragment. */
function pointerToken(name: string): string {
  return encodeURIComponent(name.replaceAll('~', '~0').replaceAll('/', '~1'));
}
