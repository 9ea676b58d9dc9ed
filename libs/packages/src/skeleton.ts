import { type Btf, dataSections, mapDefinitions, type ObjectFile, programDefinitions } from '@ecli/btf';

/** A skeleton as a compiler writes it: only what is not the default. */
export interface TerseSkeleton {
  readonly obj_name: string;
  readonly data_sections: readonly { readonly name: string; readonly variables: readonly TerseVariable[] }[];
  readonly maps: readonly TerseMap[];
  readonly progs: readonly { readonly name: string; readonly attach: string; readonly link: boolean }[];
}

interface TerseVariable {
  readonly name: string;
  readonly type: string;
}

export interface TerseMap {
  readonly name: string;
  readonly ident: string;
  readonly mmaped?: true;
}

/**
 * Lists what an object holds under the names that packages use. The same object gives the same skeleton,
 * on any machine.
 *
 * @throws OBJECT_INVALID
 */
export function skeletonOf(object: ObjectFile, objectName: string): TerseSkeleton {
  const { btf } = object;
  const sections = dataSections(object);
  return {
    obj_name: objectName,
    data_sections: sections
      .map(({ name, variables }) => {
        const globals = globalVariables(btf, name);
        return {
          name,
          variables: variables
            .filter((variable) => globals.has(variable.name))
            .map((variable) => ({ name: variable.name, type: spellType(btf, variable.type) })),
        };
      })
      .filter(({ variables }) => variables.length > 0),
    maps: [
      ...mapDefinitions(object).map(({ name }) => ({ name, ident: name })),
      ...sections.map(({ name }) => sectionMap(name, objectName)),
    ],
    progs: programDefinitions(object).map(({ name, section }) => ({
      name,
      attach: section,
      link: canBeLinked(section),
    })),
  };
}

/** `client.bpf.c` becomes `client_bpf`, and `<stdin>` `stdin_bpf`. */
export function objectNameOf(fileName: string): string {
  return `${stemOf(fileName)}_bpf`.replace(/[<>]/g, '').replace(/[^A-Za-z0-9_]/g, '_');
}

/** The name up to its first dot: `opens` of `opens.bpf.c`. */
export function stemOf(fileName: string): string {
  return fileName.split('.', 1)[0] ?? '';
}

/** Spells a type as packages do: as C does, without qualifiers. */
export function spellType(btf: Btf, id: number): string {
  return btf.spell(id, { qualifiers: false });
}

/** `linkage` of a BTF variable: BTF_VAR_STATIC. Static variables are a program's own affair. */
const STATIC = 0;

function globalVariables(btf: Btf, section: string): ReadonlySet<string> {
  const variables = btf.find('data_section', section)?.variables ?? [];
  return new Set(
    variables
      .map(({ type }) => btf.type(type))
      .filter((variable) => variable.kind === 'variable' && variable.linkage !== STATIC)
      .map(({ name }) => name),
  );
}

/** A map's name has room for 15 characters, of which libbpf leaves 7 to the section's name. */
const OBJECT_PREFIX_LENGTH = 8;

/** `.rodata` belongs to the object by name; `.rodata.NAME` is a name by itself (`internal_map_name`, libbpf.c). */
function sectionMap(section: string, objectName: string): TerseMap {
  const ident = section.slice(1).replace(/[^A-Za-z0-9_]/g, '_');
  const prefix = section.lastIndexOf('.') === 0 ? objectName.slice(0, OBJECT_PREFIX_LENGTH) : '';
  return { ident, name: `${prefix}${section}`, mmaped: true };
}

/**
 * Sections whose programs are attached by nobody but who uses them: they are handed to a socket, a route, a map's
 * entry or bpf(2) (`section_defs` in libbpf.c); a bare `sk_skb` doesn't say what kind it is.
 */
const LOAD_ONLY =
  /^\??(?:sk_reuseport|lwt_(?:in|out|xmit|seg6local)|lirc_mode2|syscall|xdp(?:\.frags)?\/(?:devmap|cpumap)|sk_skb$)/;

function canBeLinked(section: string): boolean {
  return !LOAD_ONLY.test(section);
}
