import { SectionFlag, SectionType, SymbolBinding, SymbolType } from './elf-file.ts';
import type { ObjectFile } from './object-file.ts';

/** An entry that the kernel can run, and the ELF section whose name says where it attaches. */
export interface ProgramDefinition {
  readonly name: string;
  readonly section: string;
  /** Bytes from the section's start, and how many its instructions take there. */
  readonly offset: number;
  readonly size: number;
}

/**
 * Lists an object's programs: the global functions of each executable section, in the file's order. Those in
 * `.text` are what programs call. The names are as they stand in the file: not fit for a terminal yet.
 *
 * @throws OBJECT_INVALID
 */
export function programDefinitions({ elf }: Pick<ObjectFile, 'elf'>): ProgramDefinition[] {
  const sections = new Map(
    elf.sections
      .filter(({ type, flags, name }) => isExecutable(type, flags) && name !== '.text')
      .map((section) => [section.index, section.name]),
  );
  return elf.symbols
    .filter(({ type, binding }) => type === SymbolType.FUNC && binding !== SymbolBinding.LOCAL)
    .toSorted((a, b) => a.section - b.section || a.value - b.value)
    .flatMap((symbol) => {
      const section = sections.get(symbol.section);
      const { name, value: offset, size } = symbol;
      return section === undefined ? [] : [{ name, section, offset, size }];
    });
}

function isExecutable(type: number, flags: number): boolean {
  // A number holds the flags exactly as far as 2^53, and bit operations see the low 32 of them.
  return type === SectionType.PROGBITS && (flags & SectionFlag.EXECINSTR) !== 0;
}
