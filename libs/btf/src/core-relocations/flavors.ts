/**
 * The name that a type is looked for by: what stands before the flavour, three underscores and a word
 * (`task_struct` of `task_struct___old`), as libbpf's bpf_core_essential_name_len finds it.
 */
export function essentialName(name: string): string {
  if (!name.includes('___')) return name;
  const last = [...name.matchAll(/(?<=[^_])___(?=[^_])/g)].at(-1);
  return last ? name.slice(0, last.index) : name;
}
