const SUFFIXES: readonly string[] = ['.bpf.c', '.json', '.wasm', '.o', '.tar'];

/** Tells by a file's name alone whether it may be a program. */
export function isProgramName(name: string): boolean {
  return SUFFIXES.some((suffix) => name.endsWith(suffix));
}
