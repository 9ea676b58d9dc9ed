/**
 * The kinds of BTF types, as a discriminated union on `kind`. Layout and numbers:
 * linux/include/uapi/linux/btf.h, Documentation/bpf/btf.rst. Id 0 is void and is not stored in BTF.
 */
export type BtfType =
  | VoidType
  | IntType
  | FloatType
  | PointerType
  | ArrayType
  | CompositeType
  | EnumType
  | ForwardType
  | ModifierType
  | TypedefType
  | FunctionType
  | FunctionPrototypeType
  | VariableType
  | DataSectionType
  | DeclarationTagType;

/** What remains once typedefs, qualifiers and type tags are looked through. */
export type ResolvedType = Exclude<BtfType, TypedefType | ModifierType>;

/** The types whose `kind` can be `Kind`. */
export type TypeOfKind<Kind extends BtfType['kind']> = BtfType extends infer Type
  ? Type extends BtfType
    ? Kind extends Type['kind']
      ? Type
      : never
    : never
  : never;

interface Named {
  readonly id: number;
  /** Empty when anonymous. */
  readonly name: string;
}

export interface VoidType extends Named {
  readonly kind: 'void';
}

export interface IntType extends Named {
  readonly kind: 'int';
  /** Storage size in bytes. */
  readonly size: number;
  /** Bits used of the storage, and where they start (legacy bit-fields; almost always size × 8 and 0). */
  readonly bits: number;
  readonly bitOffset: number;
  readonly signed: boolean;
  readonly char: boolean;
  readonly bool: boolean;
}

export interface FloatType extends Named {
  readonly kind: 'float';
  readonly size: number;
}

export interface PointerType extends Named {
  readonly kind: 'pointer';
  readonly target: number;
}

export interface ArrayType extends Named {
  readonly kind: 'array';
  readonly element: number;
  readonly length: number;
}

export interface Member {
  /** Empty when anonymous. */
  readonly name: string;
  readonly type: number;
  /** From the start of the composite. */
  readonly bitOffset: number;
  /** Width of a bit-field; 0 for an ordinary member. */
  readonly bitSize: number;
}

export interface CompositeType extends Named {
  readonly kind: 'struct' | 'union';
  readonly size: number;
  readonly members: readonly Member[];
}

export interface EnumType extends Named {
  readonly kind: 'enum';
  /** 1, 2, 4 or 8 bytes (ENUM64); 0 for an enum that is declared only. */
  readonly size: number;
  readonly signed: boolean;
  readonly values: readonly { readonly name: string; readonly value: bigint }[];
}

export interface ForwardType extends Named {
  readonly kind: 'forward';
  readonly of: 'struct' | 'union';
}

export interface ModifierType extends Named {
  readonly kind: 'const' | 'volatile' | 'restrict' | 'type_tag';
  readonly target: number;
}

export interface TypedefType extends Named {
  readonly kind: 'typedef';
  readonly target: number;
}

export interface FunctionType extends Named {
  readonly kind: 'function';
  readonly prototype: number;
  readonly linkage: number;
}

export interface FunctionPrototypeType extends Named {
  readonly kind: 'function_prototype';
  readonly returns: number;
  readonly parameters: readonly { readonly name: string; readonly type: number }[];
}

export interface VariableType extends Named {
  readonly kind: 'variable';
  readonly type: number;
  /** 0 static, 1 global, 2 extern. */
  readonly linkage: number;
}

export interface DataSectionType extends Named {
  readonly kind: 'data_section';
  readonly size: number;
  readonly variables: readonly {
    /** Id of a VariableType. */
    readonly type: number;
    /** Bytes from the start of the section. */
    readonly offset: number;
    readonly size: number;
  }[];
}

export interface DeclarationTagType extends Named {
  readonly kind: 'declaration_tag';
  readonly target: number;
  /** Member or parameter index; -1 for the type itself. */
  readonly component: number;
}
