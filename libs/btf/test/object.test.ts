import { describe, expect, test } from '@jest/globals';
import { dataSections, isDataSectionName, mapDefinitions, parseObject, programDefinitions } from '@ecli/btf';
import { compile } from './compile.ts';

describe('parseObject', () => {
  test('asks for -g when the object has no BTF', () => {
    const object = compile('int LICENSE SEC("license");', []);
    expect(() => parseObject(object)).toThrow(
      expect.objectContaining({
        code: 'OBJECT_INVALID',
        hint: expect.stringContaining('clang -g') as unknown,
      }),
    );
  });

  test('refuses an object for another machine', () => {
    const object = compile('int LICENSE SEC("license");');
    object.set([62, 0], 18); // e_machine: x86-64
    expect(() => parseObject(object)).toThrow('ELF: machine 62 is not BPF (247)');
  });
});

describe('dataSections', () => {
  const VARIABLES = `
    const volatile int pid = 7;
    const volatile char name[16] = "x";
    static const volatile __u64 hidden = 5;
    int initialised = 9;
    static volatile int own = 3;
    long zero;
    int __attribute__((weak)) weak = 4;
    int apart SEC(".data.apart") = 1;
    extern int LINUX_KERNEL_VERSION __attribute__((section(".kconfig")));
    static int __attribute__((noinline)) first(int x) { static volatile int count = 1; return x + count++; }
    static int __attribute__((noinline)) second(int x) { static volatile int count = 2; return x + count++; }
    static long (*bpf_trace_printk)(const char *, __u32, ...) = (void *)6;
    SEC("xdp") int program(void *context) {
      bpf_trace_printk("literal", 8);
      return pid + name[1] + hidden + initialised++ + own++ + zero++ + weak + apart++
        + first(1) + second(2) + LINUX_KERNEL_VERSION;
    }`;

  test('gives each variable the offset that the symbol table has', () => {
    const object = parseObject(compile(VARIABLES));
    const layouts = dataSections(object).map(({ name, size, variables }) => [
      name,
      size,
      variables.map(({ name, offset, size, type }) => `${object.btf.spell(type)} ${name} @${offset}+${size}`),
    ]);
    expect(layouts).toEqual([
      [
        '.rodata',
        32,
        [
          'const volatile int pid @0+4',
          'const volatile char[16] name @4+16',
          'const volatile __u64 hidden @24+8',
        ],
      ],
      [
        '.data',
        20,
        [
          'int initialised @0+4',
          'int weak @4+4',
          'volatile int own @8+4',
          'volatile int first.count @12+4',
          'volatile int second.count @16+4',
        ],
      ],
      ['.data.apart', 4, ['int apart @0+4']],
      ['.rodata.str1.1', 8, []],
      ['.bss', 8, ['long zero @0+8']],
    ]);
  });

  test('lends the initial bytes, of which .bss has none', () => {
    const layouts = dataSections(parseObject(compile(VARIABLES)));
    const bytes = new Map(layouts.map(({ name, data }) => [name, data]));
    expect(bytes.get('.rodata')?.[0]).toBe(7);
    expect(bytes.get('.bss')).toHaveLength(0);
  });

  test('refuses a variable that ends behind its section', () => {
    const bytes = compile('long zero; SEC("xdp") int program(void *context) { return zero++; }');
    const { elf } = parseObject(bytes);
    const symbols = elf.sections.find(({ name }) => name === '.symtab');
    const symbol = elf.symbols.find(({ name }) => name === 'zero');
    // st_value, of which the offset is made
    symbols?.data.set([8], (symbol?.index ?? 0) * 24 + 8);
    expect(() => dataSections(parseObject(bytes))).toThrow(
      'section .bss: zero ends at 16, and the section at 8',
    );
  });

  test.each([
    ['.data', true],
    ['.data.name', true],
    ['.rodata.str1.1', true],
    ['.bss', true],
    ['.database', false],
    ['license', false],
    ['.maps', false],
  ])('takes %s for a data section: %s', (name, expected) => {
    expect(isDataSectionName(name)).toBe(expected);
  });
});

describe('mapDefinitions', () => {
  test('reads what the source defines', () => {
    const object = parseObject(
      compile(`
        struct event { int pid; char comm[16]; };
        struct { __uint(type, 1); __type(key, __u32); __type(value, struct event); __uint(max_entries, 100);
                 __uint(map_flags, 1); __uint(pinning, 1); } hash SEC(".maps");
        struct { __uint(type, 27); __uint(max_entries, 4096); } ring SEC(".maps");
        struct { __uint(type, 4); __uint(key_size, 4); __uint(value_size, sizeof(int)); } perf SEC(".maps");
        struct inner { __uint(type, 2); __uint(max_entries, 1); __type(key, int); __type(value, int); };
        struct { __uint(type, 12); __uint(max_entries, 2); __uint(key_size, 4); __array(values, struct inner); }
          outer SEC(".maps");
        struct { __uint(type, 999); } unknown SEC(".maps");`),
    );
    const [hash, ...others] = mapDefinitions(object);
    const absent = { keySize: 0, valueSize: 0, maxEntries: 0, flags: 0, pinning: 0 };
    expect(hash).toMatchObject({
      name: 'hash',
      type: 'BPF_MAP_TYPE_HASH',
      keySize: 4,
      valueSize: 20,
      maxEntries: 100,
      flags: 1,
      pinning: 1,
    });
    expect(object.btf.spell(hash?.keyType ?? 0)).toBe('__u32');
    expect(object.btf.spell(hash?.valueType ?? 0)).toBe('struct event');
    expect(others).toEqual([
      { ...absent, name: 'ring', type: 'BPF_MAP_TYPE_RINGBUF', maxEntries: 4096 },
      { ...absent, name: 'perf', type: 'BPF_MAP_TYPE_PERF_EVENT_ARRAY', keySize: 4, valueSize: 4 },
      {
        ...absent,
        name: 'outer',
        type: 'BPF_MAP_TYPE_ARRAY_OF_MAPS',
        keySize: 4,
        valueSize: 4,
        maxEntries: 2,
      },
      { ...absent, name: 'unknown', type: 'BPF_MAP_TYPE_999' },
    ]);
  });

  test('refuses maps in the form that libbpf 1.0 dropped', () => {
    const object = parseObject(compile('struct { int type; } old SEC("maps") = { 1 };'));
    expect(() => mapDefinitions(object)).toThrow(
      expect.objectContaining({
        code: 'FEATURE_UNSUPPORTED',
        hint: expect.stringContaining('SEC(".maps")') as unknown,
      }),
    );
  });

  test.each([
    ['int number SEC(".maps");', 'map number: it is not defined by a struct'],
    ['struct { int type; } map SEC(".maps");', 'map map: type is not a pointer'],
    ['struct { int *type; } map SEC(".maps");', 'map map: type is not set by __uint'],
    [
      `struct { ${Array.from({ length: 65 }, (_, index) => `int *m${index};`).join(' ')} } map SEC(".maps");`,
      'map map: 65 members define it',
    ],
    ['struct later; struct { __type(key, struct later); } map SEC(".maps");', 'a forward has no size'],
  ])('refuses %s', (source, message) => {
    expect(() => mapDefinitions(parseObject(compile(source)))).toThrow(message);
  });

  test('finds none in an object without any', () => {
    expect(mapDefinitions(parseObject(compile('int LICENSE SEC("license");')))).toEqual([]);
  });
});

describe('an object made to keep its reader busy', () => {
  test('is refused with two data sections of one name, which would both have all its variables', () => {
    const object = Buffer.from(compile('int a SEC(".data.a") = 1; int b SEC(".data.b") = 2;'));
    expect(dataSections(parseObject(object)).map(({ name }) => name)).toEqual(['.data.a', '.data.b']);
    for (let at = object.indexOf('.data.b\0'); at >= 0; at = object.indexOf('.data.b\0'))
      object.write('.data.a', at);
    expect(() => dataSections(parseObject(object))).toThrow('section .data.a: there are two of this name');
  });

  test('is refused with more data sections than any program has', () => {
    const many = Array.from({ length: 257 }, (_, index) => `int v${index} SEC(".data.s${index}") = 1;`);
    expect(() => dataSections(parseObject(compile(many.join('\n'))))).toThrow(
      'ELF: 257 sections of data are more than 256',
    );
  });
});

describe('programDefinitions', () => {
  test('lists the global functions outside .text, section by section', () => {
    const object = parseObject(
      compile(`
        int __attribute__((noinline)) shared(int x) { return x + 1; }
        static int __attribute__((noinline)) own(int x) { return x + 2; }
        SEC("tp/sched/sched_process_exec") int exec(void *context) { return shared(1) + own(2); }
        SEC("xdp") int pass(void *context) { return 2; }
        SEC("tp/sched/sched_process_exec") int exec_again(void *context) { return 0; }
        SEC("?kprobe/do_exit") int optional(void *context) { return 0; }`),
    );
    const one = { offset: 0, size: 16 };
    expect(programDefinitions(object)).toEqual([
      { name: 'exec', section: 'tp/sched/sched_process_exec', offset: 0, size: expect.any(Number) },
      { name: 'exec_again', section: 'tp/sched/sched_process_exec', offset: expect.any(Number), size: 16 },
      { name: 'pass', section: 'xdp', ...one },
      { name: 'optional', section: '?kprobe/do_exit', ...one },
    ]);
  });
});
