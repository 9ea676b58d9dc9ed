import { EcliError } from '@ecli/core';
import type * as Ffi from 'ffi-rs';
import { createRequire } from 'node:module';

/**
 * How JavaScript values become C's. Pointers are plain numbers: user addresses have at most 47 bits, 56 with
 * five-level paging on request only, and 0 is NULL. `bytes` passes the address of a Buffer's memory.
 */
type Parameter = 'int' | 'uint' | 'size' | 'pointer' | 'string' | 'bytes';

/**
 * What comes back. However a function reports failure in C, here it is the negative errno:
 * `int` already has it (libbpf since 1.0), `status` is -1 and errno, `handle` NULL and errno,
 * `mapping` MAP_FAILED and errno. The others don't fail.
 */
type Returns = 'int' | 'status' | 'handle' | 'mapping' | 'pointer' | 'size' | 'uint' | 'string' | 'void';

type Signature = readonly [Returns, ...Parameter[]];

/**
 * libbpf 1.x, https://github.com/libbpf/libbpf/blob/v1.1.2/src/libbpf.h and bpf.h; every function here is
 * in libbpf.so.1 since 1.0.
 */
const LIBBPF = {
  // libbpf_print_fn_t libbpf_set_print(int (*)(enum libbpf_print_level, const char *, va_list))
  libbpf_set_print: ['pointer', 'pointer'],
  // int libbpf_probe_bpf_prog_type(enum bpf_prog_type, const void *opts)
  libbpf_probe_bpf_prog_type: ['int', 'int', 'pointer'],
  // int libbpf_probe_bpf_map_type(enum bpf_map_type, const void *opts)
  libbpf_probe_bpf_map_type: ['int', 'int', 'pointer'],
  // const char *libbpf_bpf_map_type_str(enum bpf_map_type)
  libbpf_bpf_map_type_str: ['pointer', 'int'],
  // const char *libbpf_bpf_prog_type_str(enum bpf_prog_type)
  libbpf_bpf_prog_type_str: ['pointer', 'int'],
  // int libbpf_find_vmlinux_btf_id(const char *name, enum bpf_attach_type)
  libbpf_find_vmlinux_btf_id: ['int', 'string', 'int'],
  // int bpf_prog_load(enum bpf_prog_type, const char *name, const char *license, const struct bpf_insn *,
  //                   size_t insn_cnt, const struct bpf_prog_load_opts *)
  bpf_prog_load: ['int', 'int', 'string', 'string', 'bytes', 'size', 'bytes'],
  // int bpf_raw_tracepoint_open(const char *name, int prog_fd)
  bpf_raw_tracepoint_open: ['int', 'pointer', 'int'],

  // struct bpf_object *bpf_object__open_mem(const void *, size_t, const struct bpf_object_open_opts *)
  bpf_object__open_mem: ['handle', 'bytes', 'size', 'bytes'],
  // int bpf_object__load(struct bpf_object *)
  bpf_object__load: ['int', 'pointer'],
  // void bpf_object__close(struct bpf_object *)
  bpf_object__close: ['void', 'pointer'],
  // struct bpf_program *bpf_object__next_program(const struct bpf_object *, struct bpf_program *)
  bpf_object__next_program: ['pointer', 'pointer', 'pointer'],
  // struct bpf_map *bpf_object__next_map(const struct bpf_object *, const struct bpf_map *)
  bpf_object__next_map: ['pointer', 'pointer', 'pointer'],

  // const char *bpf_program__name(const struct bpf_program *)
  bpf_program__name: ['string', 'pointer'],
  // const char *bpf_program__section_name(const struct bpf_program *)
  bpf_program__section_name: ['string', 'pointer'],
  // enum bpf_prog_type bpf_program__type(const struct bpf_program *)
  bpf_program__type: ['int', 'pointer'],
  // int bpf_program__fd(const struct bpf_program *)
  bpf_program__fd: ['int', 'pointer'],
  // int bpf_program__set_autoload(struct bpf_program *, bool)
  bpf_program__set_autoload: ['int', 'pointer', 'int'],
  // struct bpf_link *bpf_program__attach(const struct bpf_program *)
  bpf_program__attach: ['handle', 'pointer'],
  // int bpf_link__destroy(struct bpf_link *)
  bpf_link__destroy: ['int', 'pointer'],

  // const char *bpf_map__name(const struct bpf_map *)
  bpf_map__name: ['string', 'pointer'],
  // enum bpf_map_type bpf_map__type(const struct bpf_map *)
  bpf_map__type: ['int', 'pointer'],
  // __u32 bpf_map__key_size(const struct bpf_map *)
  bpf_map__key_size: ['uint', 'pointer'],
  // __u32 bpf_map__value_size(const struct bpf_map *)
  bpf_map__value_size: ['uint', 'pointer'],
  // __u32 bpf_map__max_entries(const struct bpf_map *)
  bpf_map__max_entries: ['uint', 'pointer'],
  // int bpf_map__fd(const struct bpf_map *)
  bpf_map__fd: ['int', 'pointer'],
  // bool bpf_map__is_internal(const struct bpf_map *)
  bpf_map__is_internal: ['int', 'pointer'],
  // int bpf_map__set_initial_value(struct bpf_map *, const void *, size_t)
  bpf_map__set_initial_value: ['int', 'pointer', 'bytes', 'size'],
  // void *bpf_map__initial_value(struct bpf_map *, size_t *)
  bpf_map__initial_value: ['pointer', 'pointer', 'bytes'],

  // struct perf_buffer *perf_buffer__new(int map_fd, size_t page_cnt, perf_buffer_sample_fn sample_cb,
  //                                      perf_buffer_lost_fn lost_cb, void *, const struct perf_buffer_opts *)
  perf_buffer__new: ['handle', 'int', 'size', 'pointer', 'pointer', 'pointer', 'pointer'],
  // void perf_buffer__free(struct perf_buffer *)
  perf_buffer__free: ['void', 'pointer'],
  // int perf_buffer__epoll_fd(const struct perf_buffer *)
  perf_buffer__epoll_fd: ['int', 'pointer'],
  // size_t perf_buffer__buffer_cnt(const struct perf_buffer *)
  perf_buffer__buffer_cnt: ['size', 'pointer'],
  // int perf_buffer__buffer(struct perf_buffer *, int index, void **buf, size_t *buf_size)
  perf_buffer__buffer: ['int', 'pointer', 'int', 'bytes', 'bytes'],
} as const satisfies Record<string, Signature>;

/** libc, the sections 2 and 3 of the Linux man pages; glibc and musl have all of it. */
const LIBC = {
  // void *dlsym(void *handle, const char *symbol)
  dlsym: ['pointer', 'pointer', 'string'],
  // size_t strlen(const char *)
  strlen: ['size', 'pointer'],
  // int fcntl(int fd, int op, int arg)
  fcntl: ['status', 'int', 'int', 'int'],
  // int dup2(int from, int to)
  dup2: ['status', 'int', 'int'],
  // int close(int fd)
  close: ['status', 'int'],
  // int memfd_create(const char *name, unsigned int flags)
  memfd_create: ['status', 'string', 'uint'],
  // int getpagesize(void)
  getpagesize: ['int'],
  // int eventfd(unsigned int initval, int flags)
  eventfd: ['status', 'uint', 'int'],
  // int epoll_create1(int flags)
  epoll_create1: ['status', 'int'],
  // int epoll_ctl(int epfd, int op, int fd, struct epoll_event *)
  epoll_ctl: ['status', 'int', 'int', 'int', 'bytes'],
  // int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)
  epoll_wait: ['status', 'int', 'bytes', 'int', 'int'],
  // void *mmap(void *addr, size_t length, int prot, int flags, int fd, off_t offset)
  mmap: ['mapping', 'pointer', 'size', 'int', 'int', 'int', 'size'],
  // int munmap(void *addr, size_t length)
  munmap: ['status', 'pointer', 'size'],
} as const satisfies Record<string, Signature>;

interface ParameterValue {
  int: number;
  uint: number;
  size: number;
  pointer: number;
  string: string;
  bytes: Uint8Array;
}
type ReturnValue<R extends Returns> = R extends 'string' ? string : R extends 'void' ? void : number;
type ParameterValues<S extends Signature> = S extends readonly [Returns, ...infer P extends Parameter[]]
  ? { [Index in keyof P]: ParameterValue[P[Index]] }
  : S extends readonly [Returns, ...infer P extends readonly Parameter[]]
    ? { [Index in keyof P]: ParameterValue[P[Index]] }
    : never;
type Call<S extends Signature> = (...values: ParameterValues<S>) => ReturnValue<S[0]>;
type Library<T extends Record<string, Signature>> = { readonly [Name in keyof T]: Call<T[Name]> };

/** The two libraries as functions, and ways between addresses and memory. */
export interface Bindings {
  readonly libbpf: Library<typeof LIBBPF>;
  readonly libc: Library<typeof LIBC>;
  /** epoll_wait(2) on a libuv thread; `events` must stay alive until it resolves, and so must `epoll`. */
  readonly epollWait: (epoll: number, events: Uint8Array, timeoutMs: number) => Promise<number>;
  /** The address of `bytes`, valid as long as `bytes` is referenced. */
  readonly addressOf: (bytes: Uint8Array) => number;
  /** Views memory that isn't ours; it must stay mapped while the view is used. Costs memory a call. */
  readonly viewMemory: (address: number, length: number) => Uint8Array;
  /** Copies memory that isn't ours. */
  readonly copyMemory: (address: number, length: number) => Uint8Array;
  /** Copies a C string; NULL is undefined. */
  readonly readString: (address: number) => string | undefined;
}

let loaded: Bindings | undefined;

/**
 * Loads ffi-rs and libbpf on the first call; a few milliseconds.
 *
 * @throws DEPENDENCY_MISSING when one of them isn't installed, FEATURE_UNSUPPORTED where there's no Linux
 */
export function bindings(): Bindings {
  loaded ??= load();
  return loaded;
}

type NativeModule = Pick<typeof Ffi, 'open' | 'load' | 'createExternalBuffer' | 'DataType'>;

function load(): Bindings {
  if (process.platform !== 'linux') {
    throw new EcliError('FEATURE_UNSUPPORTED', `${process.platform}: has no eBPF that libbpf can load into`, {
      hint: 'run ecli on Linux, or use an ecli server there',
    });
  }
  const ffi = loadFfi();
  ffi.open({ library: 'c', path: '' });
  openLibbpf(ffi);
  const created = createBindings(ffi);
  // Its default writes to standard error; messages.ts listens where there's something to hear.
  created.libbpf.libbpf_set_print(0);
  return created;
}

/**
 * ffi-rs picks its native package by `process.report`, which takes longer than all the rest of loading; npm
 * installed only the package that fits (`libc` in its package.json), so the first that resolves is the one.
 */
function loadFfi(): NativeModule {
  try {
    const require = createRequire(import.meta.url);
    const requireNative = createRequire(require.resolve('ffi-rs'));
    for (const libc of ['gnu', 'musl']) {
      const name = `@yuuang/ffi-rs-linux-${process.arch}-${libc}`;
      if (resolves(requireNative, name)) return requireNative(name) as NativeModule;
    }
    return require('ffi-rs') as NativeModule;
  } catch (cause) {
    throw new EcliError('DEPENDENCY_MISSING', "ffi-rs: can't be loaded, so libbpf can't be called", {
      hint: 'install it beside ecli: npm install ffi-rs',
      details: messageOf(cause),
      cause,
    });
  }
}

function resolves(require: NodeJS.Require, name: string): boolean {
  try {
    require.resolve(name);
    return true;
  } catch {
    return false;
  }
}

function openLibbpf(ffi: NativeModule): void {
  try {
    ffi.open({ library: 'bpf', path: 'libbpf.so.1' });
  } catch (cause) {
    throw new EcliError('DEPENDENCY_MISSING', "libbpf.so.1: can't be loaded", {
      hint: [
        'install libbpf 1.0 or newer:',
        '  Debian, Ubuntu: sudo apt-get install libbpf1',
        '  Fedora:         sudo dnf install libbpf',
        '  Alpine:         sudo apk add libbpf',
        '  Arch:           sudo pacman -S libbpf',
      ].join('\n'),
      details: messageOf(cause),
      cause,
    });
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function createBindings(ffi: NativeModule): Bindings {
  const libc = bindAll(ffi, 'c', LIBC);
  // memcpy(3) of nothing returns its first argument: the one way to have ffi-rs turn a Buffer into an address
  // and an address into what createExternalBuffer takes.
  const { DataType } = ffi;
  const wrap = (address: number) =>
    ffi.load({
      library: 'c',
      funcName: 'memcpy',
      retType: DataType.External,
      paramsType: [DataType.I64, DataType.I64, DataType.I64],
      paramsValue: [address, address, 0],
      freeResultMemory: false,
    });
  const copyInto = bind(ffi, 'c', 'memcpy', ['pointer', 'bytes', 'pointer', 'size']);
  const copyMemory = (address: number, length: number) => {
    const copy = Buffer.alloc(length);
    copyInto(copy, address, length);
    return copy;
  };
  return {
    libc,
    libbpf: bindAll(ffi, 'bpf', LIBBPF),
    addressOf: (bytes) => copyInto(bytes, 0, 0),
    viewMemory: (address, length) => ffi.createExternalBuffer(wrap(address), length),
    copyMemory,
    readString: (address) =>
      address === 0 ? undefined : copyMemory(address, libc.strlen(address)).toString('utf8'),
    async epollWait(epoll, events, timeoutMs) {
      const { value, errnoCode } = (await ffi.load({
        library: 'c',
        funcName: 'epoll_wait',
        retType: DataType.I32,
        paramsType: [DataType.I32, typeOf(ffi, 'bytes'), DataType.I32, DataType.I32],
        paramsValue: [epoll, events, 1, timeoutMs],
        errno: true,
        runInNewThread: true,
        freeResultMemory: false,
      })) as { value: number; errnoCode: number };
      return value === -1 ? -errnoCode : value;
    },
  };
}

function bindAll<T extends Record<string, Signature>>(
  ffi: NativeModule,
  library: string,
  table: T,
): Library<T> {
  const calls = Object.entries(table).map(([name, signature]) => [name, bind(ffi, library, name, signature)]);
  return Object.fromEntries(calls) as Library<T>;
}

function bind<const S extends Signature>(
  ffi: NativeModule,
  library: string,
  name: string,
  signature: S,
): Call<S> {
  const [returns, ...parameters] = signature;
  const types = parameters.map((parameter) => typeOf(ffi, parameter));
  const retType = returnTypeOf(ffi, returns);
  const failure = FAILURES[returns];
  const common = {
    library,
    funcName: name,
    retType,
    paramsType: types,
    errno: failure !== undefined,
    freeResultMemory: false,
  };
  const call = (...values: unknown[]) => {
    const result: unknown = ffi.load({ ...common, paramsValue: values });
    if (failure === undefined) return result;
    const { value, errnoCode } = result as { value: number; errnoCode: number };
    return value === failure ? -errnoCode : value;
  };
  return call as Call<S>;
}

/** The value by which a function says in C that errno holds the reason. */
const FAILURES: Partial<Record<Returns, number>> = { status: -1, handle: 0, mapping: -1 };

function returnTypeOf({ DataType }: NativeModule, returns: Returns): Ffi.DataType {
  switch (returns) {
    case 'int':
    case 'status':
      return DataType.I32;
    case 'uint':
      return DataType.U32;
    case 'handle':
    case 'mapping':
    case 'pointer':
    case 'size':
      return DataType.I64;
    case 'string':
      return DataType.String;
    case 'void':
      return DataType.Void;
  }
}

function typeOf({ DataType }: NativeModule, parameter: Parameter): Ffi.FieldType {
  switch (parameter) {
    case 'int':
      return DataType.I32;
    case 'uint':
      return DataType.U32;
    case 'size':
    case 'pointer':
      return DataType.I64;
    case 'string':
      return DataType.String;
    case 'bytes':
      // What ffi-rs's own wrapper makes of DataType.U8Array, 997 being its FFITypeTag.Array. The length only
      // matters for arrays that come back.
      return { type: DataType.U8Array, length: 0, ffiTypeTag: 997 as Ffi.FFITypeTag };
  }
}
