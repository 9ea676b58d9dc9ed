/** A refusal of the verifier that is well known, and what to do about it. */
interface KnownRefusal {
  /** Of the line that says why (linux/kernel/bpf/verifier.c). */
  readonly reason: RegExp;
  readonly hint: string;
}

/** The first that fits counts: the more special ones stand first. */
const REFUSALS: readonly KnownRefusal[] = [
  {
    reason: /map_value_or_null|invalid mem access '\w+_or_null'|_or_null.*expected|type=\w+_or_null/,
    hint: 'it may be NULL: test it before use, as in `if (!value) return 0;` after bpf_map_lookup_elem',
  },
  {
    reason: /failed to resolve CO-RE relocation|invalid func unknown#195896080/,
    hint:
      "the kernel's types have nothing like it: the program was written for another kernel;\n" +
      'ask first (bpf_core_field_exists, bpf_core_type_exists) and do without where it is missing',
  },
  {
    reason: /failed to find the address for kernel symbol/,
    hint:
      'the kernel knows the addresses of functions only, of variables with CONFIG_KALLSYMS_ALL:\n' +
      'come to what it holds by way of a struct that the program is given, such as the current task',
  },
  {
    reason:
      /math between (?:map_value|pkt|fp|\w+) pointer and register with unbounded|unbounded (?:min|memory|max)|pointer be out of bounds/,
    hint:
      'the verifier knows no upper bound of the number: compare it with a constant first (`if (n > MAX) return 0;`)\n' +
      'or mask it (`n &= MAX - 1`), of an unsigned type of 64 bits, and use that very variable',
  },
  {
    reason: /invalid zero-sized read/,
    hint: 'the length may be 0, which this helper refuses: test that it is more, and that it is no more than fits',
  },
  {
    reason: /invalid access to packet/,
    hint:
      'nothing shows that the packet is that long: compare with the end before each access,\n' +
      'as in `if ((void *)(eth + 1) > data_end) return XDP_PASS;`',
  },
  {
    reason: /invalid access to map value/,
    hint: "it may lie past the end of the map's value: bound the index by a constant below its size first",
  },
  {
    reason: /!read_ok/,
    hint:
      'it is read where nothing was ever written to it on some path: give the variable a value on all paths;\n' +
      'after a call only r0 and what the program saved are left',
  },
  {
    reason: /back-edge|infinite loop detected|loop is not bounded/,
    hint:
      'it can see no end of the loop: count to a constant (`for (int i = 0; i < 16; i++)`, a bound that compilers\n' +
      'keep), `#pragma unroll` on old kernels, or bpf_loop() from Linux 5.17 on',
  },
  {
    reason:
      /BPF program is too large|too many (?:instructions|states)|The sequence of \d+ jumps is too complex/,
    hint:
      'it follows every path one by one, and there are too many: make loops shorter or move their bodies into\n' +
      'functions that are not static (checked once each), or use bpf_loop(); --check shows how much is left',
  },
  {
    reason: /Unreleased reference/,
    hint:
      'what was acquired there must be released on every path, errors too: bpf_ringbuf_submit or _discard for a\n' +
      'reservation, bpf_sk_release for a socket',
  },
  {
    reason:
      /combined stack size|stack (?:depth|size|off|limit)|invalid (?:write|read|indirect access|indirect read)? ?(?:to|from|of)? ?stack|frames is \d+/,
    hint:
      'a program has 512 bytes of stack, those of the functions that it calls included, and reads only what it\n' +
      'has written: set structs to zero first, and keep large ones in a per-CPU array of one entry',
  },
  {
    reason: /invalid mem access '(?:scalar|inv)'/,
    hint:
      "to the verifier it is a number, no pointer: read the kernel's memory with bpf_probe_read_kernel or\n" +
      "BPF_CORE_READ, a process's with bpf_probe_read_user, and keep pointers in the type that they come in",
  },
  {
    reason: /cannot call GPL-restricted function|GPL-only|GPL compatible/,
    hint: 'only programs under the GPL may call it: char LICENSE[] SEC("license") = "GPL"; or "Dual MIT/GPL"',
  },
  {
    reason: /program of this type cannot use helper|unknown func|helper call is not allowed|invalid func/,
    hint:
      'this kind of program may not call that helper, or this kernel is older than it:\n' +
      '`bpftool feature probe` lists what each kind may call here',
  },
  {
    reason: /invalid bpf_context access|dereference of modified ctx/,
    hint:
      'the context has nothing there that may be read so: wrong offset or size for this kind of program,\n' +
      'or a field that only others may use; read the whole field, and of the right struct',
  },
  {
    reason: /variable (?:offset|ctx access|stack access)|tried to (?:read|write|access) .*variable/,
    hint: 'an offset that only turns out at run time is not allowed there: use constant ones, or bound it first',
  },
  {
    reason: /(?:pointer|math) (?:arithmetic|operation).*prohibited|pointer arithmetic/,
    hint: 'such a pointer may not be calculated with: test it for NULL first, or copy what it points to',
  },
  {
    reason: /leaks addr|pointer comparison prohibited|partial copy of pointer/,
    hint: 'without CAP_PERFMON a kernel address may not get out: do not store or return pointers',
  },
  {
    reason: /R\d type=\S+ expected=/,
    hint: 'the helper wants a pointer of another kind: to the stack, a map value or the packet, as its manual says',
  },
  {
    reason: /unreachable insn/,
    hint: 'some instructions can never run: code after a return, or a compiler that optimised too little (-O2)',
  },
  {
    reason: /last insn is not an exit|At program exit the register R0 has/,
    hint: 'this kind of program must return one of the values that its kind knows, on every path',
  },
  {
    reason: /misaligned/,
    hint: 'the address must be a multiple of its size: copy the bytes with __builtin_memcpy, or pad the struct',
  },
  {
    reason: /write into map forbidden|cannot write into|only read is supported/,
    hint: 'it is read-only: to the program (BPF_F_RDONLY_PROG, .rodata), or to this kind of program',
  },
  {
    reason: /arg#\d+ |func#\d+|doesn't return scalar/,
    hint: 'a function that is not static is checked by itself, for any arguments: make it static, or tell it more',
  },
];

/** What to do about a refusal that ended in `reason`; undefined where nobody knows. */
export function refusalHint(reason: string): string | undefined {
  return REFUSALS.find((known) => known.reason.test(reason))?.hint;
}
