import { printable } from '@ecli/core';
import { attachError } from './attach-error.ts';
import { bindings } from './bindings.ts';
import { DescriptorLink } from './descriptor-link.ts';
import { BpfLink, type Link } from './link.ts';
import type { Heard, Listen } from './messages.ts';
import { adoptNewerSection } from './newer-sections.ts';

/** What a program needs of its object. */
export interface ProgramOwner {
  readonly listen: Listen;
  /** Takes a link over, to destroy it when the object is closed. */
  own(link: Link): void;
}

/** A program of an object, before and after load. */
export class BpfProgram {
  readonly name: string;
  /** The ELF section, which says what the program is and where libbpf attaches it. */
  readonly section: string;
  #pointer: number;
  readonly #owner: ProgramOwner;

  /** `pointer` is a `struct bpf_program *` that lives as long as its object. */
  constructor(pointer: number, owner: ProgramOwner) {
    const { libbpf } = bindings();
    this.#pointer = pointer;
    this.#owner = owner;
    this.name = libbpf.bpf_program__name(pointer);
    this.section = libbpf.bpf_program__section_name(pointer);
    adoptNewerSection(pointer, this.section);
  }

  /** As C spells it: `BPF_PROG_TYPE_TRACEPOINT`. */
  get type(): string {
    const { libbpf, readString } = bindings();
    const type = libbpf.bpf_program__type(this.#live);
    return `BPF_PROG_TYPE_${readString(libbpf.libbpf_bpf_prog_type_str(type))?.toUpperCase() ?? type}`;
  }

  /** enum bpf_attach_type, as the section has it. */
  get attachType(): number {
    return bindings().libbpf.bpf_program__expected_attach_type(this.#live);
  }

  /** The descriptor after load, owned by the object; negative before. */
  get fd(): number {
    return bindings().libbpf.bpf_program__fd(this.#live);
  }

  /** Whether it is loaded with its object; not where its section begins with `?`, unless it was told to be. */
  get autoload(): boolean {
    // A bool fills the low byte of what a function returns.
    return (bindings().libbpf.bpf_program__autoload(this.#live) & 0xff) !== 0;
  }

  /** Says before load whether the program is loaded with its object. */
  setAutoload(autoload: boolean): void {
    bindings().libbpf.bpf_program__set_autoload(this.#live, autoload ? 1 : 0);
  }

  /**
   * Says before load how much the verifier is to tell, in bits (linux/include/linux/bpf_verifier.h): 1 each
   * instruction, 2 all states, 4 statistics. What it tells comes among libbpf's debug messages.
   */
  setLogLevel(level: number): void {
    bindings().libbpf.bpf_program__set_log_level(this.#live, level);
  }

  /** Says before load that the program is to run on a network card, by the number of its interface. */
  setInterface(index: number): void {
    bindings().libbpf.bpf_program__set_ifindex(this.#live, index);
  }

  /**
   * Attaches by one of libbpf's functions (`bpf_program__attach_…`), which is given the `struct bpf_program *` and
   * returns a `struct bpf_link *` or a negative errno. The object destroys the link when it is closed. Errors are
   * told by `section`, which says what is attached where.
   *
   * @throws ATTACH_FAILED, PERMISSION_DENIED, FEATURE_UNSUPPORTED
   */
  attachBy(call: (pointer: number) => number, section = this.section): BpfLink {
    const link = new BpfLink(this.#made(call, section));
    this.#owner.own(link);
    return link;
  }

  /** Attaches by a call that returns a link's descriptor or a negative errno, in all else as `attachBy` does. */
  linkBy(call: (pointer: number) => number, section = this.section): DescriptorLink {
    const link = new DescriptorLink(this.#made(call, section));
    this.#owner.own(link);
    return link;
  }

  /** Makes a call of libbpf and hears what it says of it. */
  listen<T>(call: (pointer: number) => T): Heard<T> {
    return this.#owner.listen(() => call(this.#live));
  }

  /** Has the object destroy something of the program's when it is closed. */
  own(link: Link): void {
    this.#owner.own(link);
  }

  /**
   * Attaches where the section says, or where it was told to before load, which `section` then names in messages. The object destroys the link when it is closed.
   *
   * @throws ATTACH_FAILED, PERMISSION_DENIED; FEATURE_UNSUPPORTED where the kernel lacks what the section
   * asks for, or where the section doesn't say enough for libbpf to attach by it
   */
  attach(section = this.section): BpfLink {
    return this.attachBy(bindings().libbpf.bpf_program__attach, section);
  }

  /** Forgets the pointer, when the object is closed. */
  release(): void {
    this.#pointer = 0;
  }

  #made(call: (pointer: number) => number, section: string): number {
    const heard = this.listen(call);
    if (heard.value < 0) throw attachError({ name: this.name, section }, heard);
    return heard.value;
  }

  get #live(): number {
    if (this.#pointer === 0) throw new Error(`program ${printable(this.name)}: its object is closed`);
    return this.#pointer;
  }
}
