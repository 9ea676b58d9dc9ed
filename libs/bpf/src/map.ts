import { mapTypeName } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import { bindings } from './bindings.ts';
import { errnoName } from './errno.ts';

const KERNEL_VALUE_BYTES: ReadonlyMap<string, number> = new Map([
  ['BPF_MAP_TYPE_RINGBUF', 0],
  ['BPF_MAP_TYPE_PERF_EVENT_ARRAY', 4],
]);

/** A map of an object: its definition before load, the kernel's map after. What costs a call is asked lazily. */
export class BpfMap {
  readonly name: string;
  #pointer: number;
  #type: string | undefined;

  /** `pointer` is a `struct bpf_map *` that lives as long as its object. */
  constructor(pointer: number) {
    this.#pointer = pointer;
    this.name = bindings().libbpf.bpf_map__name(pointer);
  }

  /** As C spells it: `BPF_MAP_TYPE_RINGBUF`. */
  get type(): string {
    this.#type ??= mapTypeName(bindings().libbpf.bpf_map__type(this.#live));
    return this.#type;
  }

  /** Bytes. */
  get keySize(): number {
    return bindings().libbpf.bpf_map__key_size(this.#live);
  }

  /** Bytes. */
  get valueSize(): number {
    return bindings().libbpf.bpf_map__value_size(this.#live);
  }

  /** For a ring buffer, its size in bytes. */
  get maxEntries(): number {
    return bindings().libbpf.bpf_map__max_entries(this.#live);
  }

  /** The descriptor after load, owned by the object; negative before. */
  get fd(): number {
    return bindings().libbpf.bpf_map__fd(this.#live);
  }

  /** The ELF section whose variables this map holds (`.rodata`); undefined for a map the program declares. */
  get dataSection(): string | undefined {
    if (bindings().libbpf.bpf_map__is_internal(this.#live) === 0) return undefined;
    // libbpf puts up to eight characters of the object's name before it, which openObject keeps free of dots.
    return this.name.slice(this.name.indexOf('.'));
  }

  /**
   * Lets `__type(value, struct …)` of a buffer say what its events are. The kernel takes a ring buffer without a
   * value and a perf buffer with one of four bytes only (kernel/bpf/ringbuf.c, ringbuf_map_alloc; arraymap.c,
   * fd_array_map_alloc_check). Before load.
   */
  freeValueType(): void {
    const bytes = KERNEL_VALUE_BYTES.get(this.type);
    if (bytes === undefined || bytes === this.valueSize) return;
    bindings().libbpf.bpf_map__set_value_size(this.#live, bytes);
  }

  /** Says before load that the map is to be on a network card, by the number of its interface. */
  setInterface(index: number): void {
    bindings().libbpf.bpf_map__set_ifindex(this.#live, index);
  }

  /** Says before load that the map isn't to be kept in bpffs, nor taken from there, whatever its definition says. */
  forgetPinning(): void {
    bindings().libbpf.bpf_map__set_pin_path(this.#live, 0);
  }

  /** @throws LOAD_FAILED when it is another kind of map than `type` */
  expectType(type: string): void {
    if (this.type === type) return;
    throw new EcliError('LOAD_FAILED', `map ${printable(this.name)}: is a ${this.type}, not a ${type}`);
  }

  /** Copies what a data section starts with; not what its variables hold once the program runs. */
  initialValue(): Uint8Array {
    const { libbpf, copyMemory } = bindings();
    const size = Buffer.alloc(8);
    const address = libbpf.bpf_map__initial_value(this.#live, size);
    return address === 0 ? new Uint8Array(0) : copyMemory(address, Number(size.readBigUInt64LE()));
  }

  /** Copies what a data section holds now. After load. @throws OUTPUT_FAILED when the kernel refuses */
  currentValue(): Uint8Array {
    const { libbpf, addressOf } = bindings();
    const key = Buffer.alloc(4);
    const value = Buffer.alloc(this.valueSize);
    const result = libbpf.bpf_map_lookup_elem(this.fd, addressOf(key), addressOf(value));
    if (result >= 0) return value;
    const reason = `its variables can't be read: ${errnoName(result)}`;
    throw new EcliError('OUTPUT_FAILED', `map ${printable(this.name)}: ${reason}`);
  }

  /**
   * Sets what a data section starts with; before load, and the whole section.
   *
   * @throws LOAD_FAILED for another size, another kind of map, or after load
   */
  setInitialValue(bytes: Uint8Array): void {
    const result = bindings().libbpf.bpf_map__set_initial_value(this.#live, bytes, bytes.byteLength);
    if (result >= 0) return;
    throw new EcliError(
      'LOAD_FAILED',
      `map ${printable(this.name)}: ${bytes.byteLength} bytes can't be its initial value: ${errnoName(result)}`,
    );
  }

  /** Makes a call of libbpf with the `struct bpf_map *`. */
  call<T>(function_: (pointer: number) => T): T {
    return function_(this.#live);
  }

  /** Forgets the pointer, when the object is closed. */
  release(): void {
    this.#pointer = 0;
  }

  get #live(): number {
    if (this.#pointer === 0) throw new Error(`map ${printable(this.name)}: its object is closed`);
    return this.#pointer;
  }
}
