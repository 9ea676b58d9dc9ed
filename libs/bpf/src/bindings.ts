import { EcliError } from '@ecli/core';
import type * as Ffi from 'ffi-rs';
import { createRequire } from 'node:module';
import { endianness } from 'node:os';
import { systemCall } from './system-calls.ts';
import { LIBBPF, LIBC, type Parameter, type Returns, type Signature } from './signatures.ts';

interface ParameterValue {
  int: number;
  uint: number;
  size: number;
  pointer: number;
  string: string;
  bytes: Uint8Array;
}
type ReturnValue<R extends Returns> = R extends 'string' ? string : R extends 'void' ? void : number;
type ParameterValues<S extends Signature> = S extends readonly [Returns, ...infer P]
  ? { [Index in keyof P]: P[Index] extends Parameter ? ParameterValue[P[Index]] : never }
  : never;
type Call<S extends Signature> = (...values: ParameterValues<S>) => ReturnValue<S[0]>;
type Library<T extends Record<string, Signature>> = { readonly [Name in keyof T]: Call<T[Name]> };

/** The two libraries as functions, and ways between addresses and memory. */
export interface Bindings {
  readonly libbpf: Library<typeof LIBBPF>;
  readonly libc: Library<typeof LIBC>;
  /** epoll_wait(2) on a libuv thread; `events` must stay alive until it resolves, and so must `epoll`. */
  readonly epollWait: (
    epoll: number,
    events: Uint8Array,
    mostEvents: number,
    timeoutMs: number,
  ) => Promise<number>;
  /**
   * One of libbpf's functions that read many entries of a map, on a libuv thread; what the pointers point at must
   * stay alive until it resolves.
   */
  readonly readBatch: (
    name: 'bpf_map_lookup_batch' | 'bpf_map_lookup_and_delete_batch',
    ...values: ParameterValues<typeof LIBBPF.bpf_map_lookup_batch>
  ) => Promise<number>;
  /** perf_event_open(2), which libc has no function for: `struct perf_event_attr`, then pid, cpu, group, flags. */
  readonly perfEventOpen: (
    attributes: Uint8Array,
    pid: number,
    cpu: number,
    group: number,
    flags: number,
  ) => number;
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
  if (endianness() === 'BE') {
    throw new EcliError('FEATURE_UNSUPPORTED', `${process.arch}: big-endian machines aren't supported`);
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
  const { DataType } = ffi;
  // memcpy(3) of nothing returns its first argument: the one way to have ffi-rs turn a Buffer into an address
  // and an address into what createExternalBuffer takes.
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
  const perfEventOpen = bind(ffi, 'c', 'syscall', ['status', 'size', 'bytes', 'int', 'int', 'int', 'size']);
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
    perfEventOpen: (...values) => perfEventOpen(systemCall('perf_event_open'), ...values),
    readString: (address) =>
      address === 0 ? undefined : copyMemory(address, libc.strlen(address)).toString('utf8'),
    // int epoll_wait(int epfd, struct epoll_event *events, int maxevents, int timeout)
    async epollWait(epoll, events, mostEvents, timeoutMs) {
      const { value, errnoCode } = (await ffi.load({
        library: 'c',
        funcName: 'epoll_wait',
        retType: DataType.I32,
        paramsType: [DataType.I32, typeOf(ffi, 'bytes'), DataType.I32, DataType.I32],
        paramsValue: [epoll, events, mostEvents, timeoutMs],
        errno: true,
        runInNewThread: true,
        freeResultMemory: false,
      })) as { value: number; errnoCode: number };
      return value === -1 ? -errnoCode : value;
    },
    async readBatch(name, ...values) {
      const [, ...parameters] = LIBBPF[name];
      const result: unknown = await ffi.load({
        library: 'bpf',
        funcName: name,
        retType: DataType.I32,
        paramsType: parameters.map((parameter) => typeOf(ffi, parameter)),
        paramsValue: values,
        runInNewThread: true,
        freeResultMemory: false,
      });
      return result as number;
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
