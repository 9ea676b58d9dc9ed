/**
 * Typedefs, qualifiers and tags in a row; and structs, unions and arrays inside each other. The kernel and libbpf
 * stop at 32 (MAX_RESOLVE_DEPTH in linux/kernel/bpf/btf.c), so no BTF that can be loaded comes near.
 */
export const MOST_MODIFIERS = 64;
export const MOST_NESTED = 64;
