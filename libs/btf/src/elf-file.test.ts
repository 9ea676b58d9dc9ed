import { beforeAll, describe, expect, test } from '@jest/globals';
import { compile } from '../test/compile.ts';
import { EM_BPF, ElfFile, SectionFlag, SectionType, SymbolBinding, SymbolType } from './elf-file.ts';

describe('ElfFile', () => {
  let object: Uint8Array;

  beforeAll(() => {
    object = compile('int zero; SEC("xdp") int program(void *context) { return zero; }');
  });

  /** A copy with `change` written over it at `offset`. */
  function changed(offset: number, change: readonly number[]): Uint8Array {
    const copy = object.slice();
    copy.set(change, offset);
    return copy;
  }

  /** Where the record of the section lies in the file. */
  function header(name: string): number {
    const start = Number(new DataView(object.buffer, object.byteOffset).getBigUint64(40, true));
    return start + (ElfFile.parse(object).section(name)?.index ?? 0) * 64;
  }

  test('reads sections', () => {
    const elf = ElfFile.parse(object);
    expect(elf.machine).toBe(EM_BPF);
    expect(elf.sections[0]).toMatchObject({ name: '', size: 0 });
    expect(elf.section('xdp')).toMatchObject({
      type: SectionType.PROGBITS,
      flags: SectionFlag.ALLOC | SectionFlag.EXECINSTR,
      size: 32,
    });
    expect(elf.section('.bss')).toMatchObject({ type: SectionType.NOBITS, size: 4, data: new Uint8Array() });
    expect(elf.section('xdp')?.data).toHaveLength(32);
    expect(elf.section('absent')).toBeUndefined();
  });

  test('reads symbols', () => {
    const elf = ElfFile.parse(object);
    expect(elf.symbols.find(({ name }) => name === 'program')).toMatchObject({
      type: SymbolType.FUNC,
      binding: SymbolBinding.GLOBAL,
      section: elf.section('xdp')?.index,
      value: 0,
      size: 32,
    });
  });

  test('reads the relocations of a section', () => {
    const elf = ElfFile.parse(object);
    const section = elf.section('xdp');
    if (!section) throw new Error('the object has no section xdp');
    const [relocation, ...others] = elf.relocations(section);
    // R_BPF_64_64: the address that a 16-byte load instruction takes
    expect(relocation).toMatchObject({ offset: 0, type: 1, addend: undefined });
    expect(elf.symbols[relocation?.symbol ?? 0]?.name).toBe('zero');
    expect(others).toEqual([]);
  });

  test.each<[string, () => Uint8Array, string]>([
    ['an empty file', () => new Uint8Array(), 'the file is not ELF'],
    ['text', () => Buffer.from('#include <stdio.h>'), 'the file is not ELF'],
    ['a 32-bit file', () => changed(4, [1]), 'the file is 32-bit'],
    ['the other byte order', () => changed(5, [2]), 'the file is big-endian, this machine is not'],
    ['an unknown class', () => changed(4, [3]), 'class 3 with byte order 1 is unknown'],
    ['a header cut short', () => object.subarray(0, 63), 'truncated: 63 bytes are too few for its header'],
    ['sections cut off', () => object.subarray(0, -1), 'truncated'],
    ['sections elsewhere', () => changed(40, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), 'truncated'],
    ['headers of another size', () => changed(58, [40]), 'section headers of 40 bytes'],
    ['more sections than bytes', () => changed(60, [0xff, 0xfe]), 'truncated: 65279 section headers'],
    ['names in no section', () => changed(62, [0xf0, 0]), 'section 240 should hold'],
    [
      'names in a section of another type',
      () => changed(62, [2, 0]),
      "section 2 should hold the sections' names",
    ],
    ['a section beyond the end', () => changed(header('xdp') + 32, [0, 0, 0, 0, 1]), 'truncated: section'],
    ['a name outside the names', () => changed(header('xdp'), [0xff, 0xff]), 'offset 65535 is outside'],
  ])('refuses %s', (_, bytes, message) => {
    const parse = (): unknown => ElfFile.parse(bytes());
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: 'OBJECT_INVALID' }));
  });

  test('takes the number of sections from the first one where the header has no room for it', () => {
    const many = changed(60, [0, 0]);
    const start = header('');
    const count = ElfFile.parse(object).sections.length;
    many.set([count], start + 32);
    expect(ElfFile.parse(many).sections).toHaveLength(count);
    many.set([0xff, 0xff, 0xff, 0xff], start + 32);
    expect(() => ElfFile.parse(many)).toThrow('truncated: 4294967295 section headers');
  });

  test('refuses symbols that are not whole or have no names', () => {
    const symbols = header('.symtab');
    expect(() => ElfFile.parse(changed(symbols + 32, [25, 0])).symbols).toThrow(
      'section .symtab: 25 bytes are not whole records of 24',
    );
    expect(() => ElfFile.parse(changed(symbols + 40, [2])).symbols).toThrow(
      'symbol table .symtab has no string table',
    );
  });

  test('finds no symbols in a stripped file', () => {
    expect(ElfFile.parse(changed(header('.symtab') + 4, [1])).symbols).toEqual([]);
  });
});
