import { sectionTarget, sectionWord } from '@ecli/bpf';
import { type ObjectFile, programDefinitions } from '@ecli/btf';
import type { ProgramMeta } from '@ecli/packages';
import type { ProgramInspection } from './inspection.ts';

/** Short names of sections that have a longer one (libbpf.c, section_defs). */
const LONGER: Readonly<Record<string, string>> = {
  tp: 'tracepoint',
  raw_tp: 'raw_tracepoint',
  classifier: 'tc',
};

/** struct bpf_insn */
const INSTRUCTION_BYTES = 8;

/** Describes an object's programs, in the object's order. */
export function inspectPrograms(
  file: ObjectFile,
  metas: readonly ProgramMeta[],
): readonly ProgramInspection[] {
  const links = new Map(metas.map(({ name, link }) => [name, link]));
  return programDefinitions(file).map(({ name, section, size }) => {
    const word = sectionWord(section);
    const target = sectionTarget(section);
    return {
      name,
      section,
      kind: (Object.hasOwn(LONGER, word) ? LONGER[word] : undefined) ?? word,
      ...(target !== '' && { target }),
      link: links.get(name) ?? false,
      instructions: size / INSTRUCTION_BYTES,
    };
  });
}
