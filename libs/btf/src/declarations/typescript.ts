import type { EnumShape, Field, Layout, Shape } from '../render/layout.ts';
import { identifier } from './c-names.ts';
import { firstNames, type RecordOptions } from './json-schema.ts';

/** A type to declare: what rows of `layout` are, under a name of the caller's choice. */
export interface TypeScriptExport extends RecordOptions {
  readonly name: string;
  readonly layout: Layout;
  /** One line for people, which stands above the type. */
  readonly comment?: string;
}

/** Above that many names a union of texts says no more to a reader, and takes compilers long. */
const MOST_ENUM_NAMES = 512;

/**
 * Declares in TypeScript what `JSON.parse` makes of the lines that `compileJsonRow` writes: an interface for each
 * export and for each struct and union inside. Returns the text and the names of the exports, which differ from
 * those wished for where these aren't identifiers or stand for two things; none is among `taken`.
 */
export function typeScriptTypes(
  exports: readonly TypeScriptExport[],
  taken: readonly string[] = [],
): {
  readonly text: string;
  readonly names: readonly string[];
} {
  const writer = new TypeScriptWriter(taken);
  const names = exports.map((each) => writer.export(each));
  return { text: writer.text(), names };
}

class TypeScriptWriter {
  private readonly blocks: string[] = [];
  /** By what is declared: two exports may share types, which are not the same objects here. */
  private readonly names = new Map<string, string>();
  private readonly taken: Set<string>;

  constructor(taken: readonly string[]) {
    this.taken = new Set([...RESERVED, ...taken]);
  }

  text(): string {
    return this.blocks.join('\n\n');
  }

  export({ name: wanted, layout, comment, stacks }: TypeScriptExport): string {
    const name = this.claim(wanted);
    const about = comment ?? `A line of JSON: ${layout.spelling}, ${layout.size} bytes in the kernel.`;
    const rest = stacks ? this.stacks() : [];
    const body = this.record(layout.fields, '', [], rest);
    this.blocks.push(`${docComment(about, '')}export interface ${name} ${body}`);
    return name;
  }

  /** The innermost frame comes first. */
  private stacks(): string[] {
    const frame = this.declare('Frame', FRAME, (name) => `export interface ${name} ${FRAME}`);
    return [`kstack: Array<${frame}>`, `ustack: Array<${frame}>`];
  }

  private record(
    fields: readonly Field[],
    indent: string,
    marks: readonly string[] = [],
    rest: readonly string[] = [],
  ): string {
    const inside = `${indent}  `;
    // JSON.parse keeps the last of two members of one name.
    const byName = new Map(fields.map((field) => [field.name, field]));
    const members = [...byName.values()].map(
      (field) =>
        `${docComment(remark(field), inside)}${inside}${key(field.name)}: ${this.value(field.shape, inside)};`,
    );
    const spelled = (texts: readonly string[]) => texts.map((text) => `${inside}${text};`);
    const lines = [...spelled(marks), ...members, ...spelled(rest)];
    return lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n${indent}}`;
  }

  private value(shape: Shape, indent: string): string {
    switch (shape.kind) {
      case 'integer':
        return shape.size === 16 ? '`${bigint}`' : 'number';
      case 'bool':
        return 'boolean';
      case 'float':
        return 'number | null';
      case 'string':
        return 'string';
      case 'enum':
        return this.enumeration(shape);
      case 'array':
        return `Array<${this.value(shape.element, indent)}>`;
      case 'record':
        return this.record(shape.fields, indent);
      case 'struct':
      case 'union':
        return this.composite(shape);
    }
  }

  private composite(shape: Extract<Shape, { kind: 'struct' | 'union' }>): string {
    const marks = [`__EUNOMIA_TYPE: '${shape.kind}'`, `__EUNOMIA_TYPE_NAME: ${quoted(shape.name)}`];
    const body = this.record(shape.fields, '', marks);
    return this.declare(shape.name || 'Anonymous', body, (name) => `export interface ${name} ${body}`);
  }

  private enumeration(shape: EnumShape): string {
    const values = firstNames(shape.values);
    const texts = values.map(({ name, value }) => quoted(`${name}(${value})`));
    const unknown = '`<UNKNOWN_VARIANT>(${bigint})`';
    if (values.length > MOST_ENUM_NAMES) return '`${string}(${bigint})`';
    const body = [...texts, unknown].map((text) => `  | ${text}`).join('\n');
    return this.declare(shape.name || 'Enum', body, (name) => `export type ${name} =\n${body};`);
  }

  /** Declares once what is called `wanted` and has this body. */
  private declare(wanted: string, body: string, spell: (name: string) => string): string {
    const content = `${wanted} ${body}`;
    const known = this.names.get(content);
    if (known !== undefined) return known;
    const name = this.claim(wanted);
    this.names.set(content, name);
    this.blocks.push(spell(name));
    return name;
  }

  /** An identifier in PascalCase that nothing else here has. */
  private claim(wanted: string): string {
    const pascal = identifier(wanted).replace(/(?:^|_+)([A-Za-z0-9])/g, (_, letter: string) =>
      letter.toUpperCase(),
    );
    const base = /^[A-Za-z]/.test(pascal) ? pascal : `Type${pascal}`;
    let name = base;
    for (let count = 2; this.taken.has(name); count++) name = `${base}${count}`;
    this.taken.add(name);
    return name;
  }
}

const FRAME = `{
  /** 16 hexadecimal digits after 0x. */
  address: string;
  symbol?: string;
  /** From where the symbol begins. */
  offset?: number;
  path?: string;
}`;

/** Types that a declaration would hide from those that use them here. */
const RESERVED = ['Array', 'Record', 'Object', 'String', 'Number', 'Boolean', 'Symbol', 'Function'];

/** What the type of a member doesn't say. */
function remark({ shape, bitSize }: Field): string | undefined {
  const bits = bitSize > 0 ? `${bitSize} bits` : undefined;
  const element = innermost(shape);
  if (element.kind === 'integer' && element.size === 8 && (bitSize === 0 || bitSize > 53)) {
    const text = `${element.signed ? 'signed' : 'unsigned'} 64-bit`;
    return `${bits ?? text}: JSON.parse rounds it past 2^53 (the JSON itself is exact)`;
  }
  if (element.kind === 'integer' && element.size === 16) return '128 bits, as a decimal number in a string';
  if (element.kind === 'float') return 'null where it is not a finite number';
  return bits;
}

function innermost(shape: Shape): Shape {
  return shape.kind === 'array' ? innermost(shape.element) : shape;
}

function docComment(text: string | undefined, indent: string): string {
  return text === undefined ? '' : `${indent}/** ${oneLine(text)} */\n`;
}

/** Text that can't end the comment it stands in. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, ' ').replaceAll('*/', '* /');
}

/** A member's name, bare where TypeScript takes it so. */
function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
}

/** A string literal that holds `text`, in single quotes, of ASCII alone where it isn't printable. */
function quoted(text: string): string {
  const inner = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll('\\"', '"')
    .replaceAll("'", "\\'")
    .replace(/[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, (character) => {
      const code = character.codePointAt(0) ?? 0;
      return `\\u${code.toString(16).padStart(4, '0')}`;
    });
  return `'${inner}'`;
}
