import { bindings } from './bindings.ts';
import type { Link } from './link.ts';
import { loadError, offloadError, openError } from './load-error.ts';
import { BpfMap } from './map.ts';
import { listen, type Listen } from './messages.ts';
import type { NetworkInterface } from './net/network-interface.ts';
import { checkObject } from './object-check.ts';
import { BpfProgram } from './program.ts';
import { registerStructOps } from './tracing/struct-ops.ts';

export interface OpenOptions {
  /** Its first characters come before the names of data sections in the kernel. */
  readonly name: string;
  /** A BTF file to relocate against instead of the running kernel's own. */
  readonly btfPath?: string;
  /** What messages call that file; its path by default. */
  readonly btfName?: string;
  /** Takes what libbpf says, a line at a time. */
  readonly diagnose?: (line: string) => void;
  /** libbpf's debug messages too. */
  readonly verbose?: boolean;
}

/**
 * Opens an ELF object: its programs and maps are known then, and nothing is in the kernel yet. The caller
 * closes it.
 *
 * @throws OBJECT_INVALID, DEPENDENCY_MISSING, FEATURE_UNSUPPORTED where there's no Linux
 */
export function openObject(content: Uint8Array, options: OpenOptions): BpfObject {
  const { libbpf } = bindings();
  checkObject(content);
  const listening = listenFor(options);
  const opts = openOpts(options);
  const heard = listening(() => libbpf.bpf_object__open_mem(content, content.byteLength, opts));
  if (heard.value < 0) throw openError(options.name, heard);
  return new BpfObject(heard.value, options, listening);
}

/** Programs and maps that are loaded together, closed together. */
export class BpfObject {
  readonly programs: readonly BpfProgram[];
  readonly maps: readonly BpfMap[];
  readonly #links: Link[] = [];
  readonly #options: OpenOptions;
  readonly #listen: Listen;
  #pointer: number;
  #card: NetworkInterface | undefined;

  /** Owns `pointer`, a `struct bpf_object *`; made by openObject. */
  constructor(pointer: number, options: OpenOptions, listening: Listen) {
    const { libbpf } = bindings();
    this.#pointer = pointer;
    this.#options = options;
    this.#listen = listening;
    const owner = { listen: listening, own: (link: Link) => void this.#links.push(link) };
    this.programs = walk(pointer, libbpf.bpf_object__next_program).map((at) => new BpfProgram(at, owner));
    this.maps = walk(pointer, libbpf.bpf_object__next_map).map((at) => new BpfMap(at));
    for (const map of this.maps) map.freeValueType();
  }

  program(name: string): BpfProgram | undefined {
    return this.programs.find((program) => program.name === name);
  }

  /** Finds a map by its name, or a data section's by the section's (`.rodata`). */
  map(name: string): BpfMap | undefined {
    return (
      this.maps.find((map) => map.name === name) ??
      this.maps.find((map) => name.startsWith('.') && map.dataSection === name)
    );
  }

  /** Says before load that a program is to run on a network card, and that the maps are to be there too. */
  offload(program: BpfProgram, card: NetworkInterface): void {
    program.setInterface(card.index);
    for (const map of this.maps) map.setInterface(card.index);
    this.#card = card;
  }

  /**
   * Creates the maps, relocates the programs against the kernel's types and has the kernel verify them.
   * After a failure the object can only be closed.
   *
   * @throws VERIFIER_REJECTED, PERMISSION_DENIED, FEATURE_UNSUPPORTED, LOAD_FAILED
   */
  load(): void {
    const { libbpf } = bindings();
    const heard = this.#listen(() => libbpf.bpf_object__load(this.#pointer));
    if (heard.value >= 0) return;
    const { name, btfPath, btfName = btfPath } = this.#options;
    const error = loadError({ name, btfName, programs: this.programs, maps: this.maps }, heard);
    throw this.#card ? offloadError(this.#card, error) : error;
  }

  /**
   * Registers what a struct_ops map of the loaded object describes; closing the object undoes it.
   *
   * @throws ATTACH_FAILED, PERMISSION_DENIED, FEATURE_UNSUPPORTED
   */
  register(map: BpfMap): Link {
    const link = registerStructOps(map, this.#listen);
    this.#links.push(link);
    return link;
  }

  /**
   * Detaches, last link first, and frees programs and maps. Idempotent. Memory that was mapped from a map
   * stays until it is unmapped. Programs and maps keep their names and refuse all else.
   */
  close(): void {
    if (this.#pointer === 0) return;
    while (this.#links.length > 0) this.#links.pop()?.destroy();
    for (const each of [...this.programs, ...this.maps]) each.release();
    bindings().libbpf.bpf_object__close(this.#pointer);
    this.#pointer = 0;
  }
}

function listenFor({ diagnose, verbose = false }: OpenOptions): Listen {
  return (call) => {
    const heard = listen(call, verbose);
    if (!diagnose) return heard;
    heard.lines.forEach(diagnose);
    return { ...heard, details: '' };
  };
}

/** Follows libbpf's way of iterating: each call takes the one before and returns NULL after the last. */
function walk(object: number, next: (object: number, previous: number) => number): number[] {
  const found: number[] = [];
  for (let at = next(object, 0); at !== 0; at = next(object, at)) found.push(at);
  return found;
}

/**
 * Builds a `struct bpf_object_open_opts` (libbpf.h), with the strings it points at behind it. Its `sz` ends
 * it after the last field we use, which libbpf allows.
 *
 *      0  size_t sz             8  const char *object_name       16  bool relaxed_maps
 *     24  const char *pin_root_path   32  unused   40  const char *kconfig   48  const char *btf_custom_path
 */
function openOpts({ name, btfPath }: OpenOptions): Buffer {
  const size = 56;
  const objectName = Buffer.from(`${name.replace(/\W/g, '_')}\0`);
  const customBtf = Buffer.from(btfPath === undefined ? '' : `${btfPath}\0`);
  const opts = Buffer.concat([Buffer.alloc(size), objectName, customBtf]);
  const address = bindings().addressOf(opts) + size;
  opts.writeBigUInt64LE(BigInt(size), 0);
  opts.writeBigUInt64LE(BigInt(address), 8);
  if (customBtf.length > 0) opts.writeBigUInt64LE(BigInt(address + objectName.length), 48);
  return opts;
}
