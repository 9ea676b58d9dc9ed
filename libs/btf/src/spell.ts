import type { Btf } from './btf.ts';
import { objectInvalid } from './object-invalid.ts';
import type { BtfType, FunctionPrototypeType } from './types.ts';

/** Types that one spelling may walk through; a type that refers to itself without a name has no end. */
const MOST_STEPS = 1000;
/**
 * Characters of one spelling: a long name may be repeated as often as there are steps, and an object may have
 * many variables of one intricate type.
 */
const MOST_CHARACTERS = 1 << 12;

export interface SpellOptions {
  /** False leaves out const, volatile and restrict, everywhere: how JSON packages spell types. Default: true. */
  readonly qualifiers?: boolean;
}

/**
 * Spells the type `id` as C does in a cast: `unsigned int`, `const char *`, `struct event *[4]`, `int (*)(void *)`,
 * arrays without a space before the bracket (`char[16]`). Type tags are passed over; anonymous types are
 * `struct (anonymous)`; a variable and a function are spelled as their types.
 *
 * @throws OBJECT_INVALID when a spelling would not end
 */
export function spell(btf: Pick<Btf, 'type'>, id: number, options: SpellOptions = {}): string {
  return new Speller(btf, options.qualifiers ?? true).spell(id, '', []);
}

/**
 * Works from the outside in: `declarator` is what stands around the type so far, where a name would be, as in
 * the grammar of abstract declarators (C17 6.7.7); `qualifiers` wait for the pointer or base they belong to.
 */
class Speller {
  private steps = 0;
  private characters = 0;

  constructor(
    private readonly btf: Pick<Btf, 'type'>,
    private readonly keepsQualifiers: boolean,
  ) {}

  spell(id: number, declarator: string, qualifiers: readonly string[]): string {
    const type = this.btf.type(id);
    this.count(id, type.name.length);
    switch (type.kind) {
      case 'pointer':
        return this.spell(type.target, pointer(declarator, qualifiers), []);
      case 'array':
        return this.spell(type.element, suffixed(declarator, `[${type.length}]`), qualifiers);
      case 'function_prototype':
        return this.spell(type.returns, suffixed(declarator, `(${this.parameters(type)})`), []);
      case 'const':
      case 'volatile':
      case 'restrict':
        return this.spell(type.target, declarator, this.keepsQualifiers ? [...qualifiers, type.kind] : []);
      case 'type_tag':
        return this.spell(type.target, declarator, qualifiers);
      case 'variable':
        return this.spell(type.type, declarator, qualifiers);
      case 'function':
        return this.spell(type.prototype, declarator, qualifiers);
      default:
        return joined([...qualifiers, baseName(type)].join(' '), declarator);
    }
  }

  /** BTF has `...` as a last parameter of type void. */
  private parameters({ id, parameters }: FunctionPrototypeType): string {
    if (parameters.length === 0) return 'void';
    this.count(id, parameters.length * '..., '.length);
    return parameters.map(({ type }) => (type === 0 ? '...' : this.spell(type, '', []))).join(', ');
  }

  private count(id: number, characters: number): void {
    this.characters += characters;
    if (++this.steps <= MOST_STEPS && this.characters <= MOST_CHARACTERS) return;
    throw objectInvalid(`BTF type ${id}: too intricate to spell`);
  }
}

function pointer(declarator: string, qualifiers: readonly string[]): string {
  return `*${joined(qualifiers.join(' '), declarator)}`;
}

/** Brackets bind closer than a star, so what is a pointer already goes into parentheses. */
function suffixed(declarator: string, suffix: string): string {
  return declarator.startsWith('*') ? `(${declarator})${suffix}` : `${declarator}${suffix}`;
}

function joined(base: string, declarator: string): string {
  const apart = base !== '' && declarator !== '' && !declarator.startsWith('[');
  return apart ? `${base} ${declarator}` : `${base}${declarator}`;
}

function baseName(type: BtfType): string {
  const name = type.name === '' ? '(anonymous)' : type.name;
  switch (type.kind) {
    case 'struct':
    case 'union':
    case 'enum':
      return `${type.kind} ${name}`;
    case 'forward':
      return `${type.of} ${name}`;
    default:
      return name;
  }
}
