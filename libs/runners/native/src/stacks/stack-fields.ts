import type { Field, Layout } from '@ecli/btf';
import { EcliError, nearNames, printable } from '@ecli/core';
import type { StackTraceField, StackTraceMeta } from '@ecli/packages';

/** Reads an integer of a sample that lies at `sample`. */
export type ReadInteger = (view: DataView, sample: number) => number;

/** Where a stack lies in a sample. */
export interface StackPlace {
  /** Bytes from the sample's start. */
  readonly offset: number;
  /** Addresses that it has room for. */
  readonly slots: number;
  /** Bytes in use; negative where the kernel had no stack to give, which is an error's number. */
  readonly readSize: ReadInteger;
}

/** The members of a sample that say whose stack it holds, and the stacks. */
export interface StackFields {
  readonly readPid: ReadInteger;
  readonly readCpu: ReadInteger;
  readonly comm: { readonly offset: number; readonly size: number };
  readonly kernel: StackPlace;
  readonly user: StackPlace;
  /** What they are called in the struct. */
  readonly names: Readonly<Record<StackTraceField, string>>;
}

const ADDRESS_BYTES = 8;

/**
 * Finds the members that make a stack trace of a sample laid out as `layout`.
 *
 * @throws PACKAGE_INVALID naming a member that is missing or of another type than it must be
 */
export function stackFields(layout: Layout, { field_map: names }: StackTraceMeta): StackFields {
  const find = new FieldFinder(layout, names);
  return {
    readPid: find.integer('pid'),
    readCpu: find.integer('cpu_id'),
    comm: find.string('comm'),
    kernel: find.stack('kstack', 'kstack_sz'),
    user: find.stack('ustack', 'ustack_sz'),
    names: {
      pid: find.nameOf('pid'),
      cpu_id: find.nameOf('cpu_id'),
      comm: find.nameOf('comm'),
      kstack: find.nameOf('kstack'),
      kstack_sz: find.nameOf('kstack_sz'),
      ustack: find.nameOf('ustack'),
      ustack_sz: find.nameOf('ustack_sz'),
    },
  };
}

class FieldFinder {
  constructor(
    private readonly layout: Layout,
    private readonly names: StackTraceMeta['field_map'],
  ) {}

  nameOf(entry: StackTraceField): string {
    return this.names[entry] ?? entry;
  }

  integer(entry: StackTraceField): ReadInteger {
    const field = this.find(entry);
    const { size } = field.shape;
    if (field.shape.kind !== 'integer' || field.bitSize > 0 || (size !== 4 && size !== 8)) {
      throw this.wrong(entry, 'an integer of 4 or 8 bytes');
    }
    const offset = field.bitOffset / 8;
    // Signed, whatever it is declared as: -EFAULT in an unsigned size is no size.
    if (size === 4) return (view, sample) => view.getInt32(sample + offset, true);
    return (view, sample) =>
      view.getInt32(sample + offset + 4, true) * 2 ** 32 + view.getUint32(sample + offset, true);
  }

  string(entry: StackTraceField): StackFields['comm'] {
    const { shape, bitOffset } = this.find(entry);
    if (shape.kind !== 'string') throw this.wrong(entry, 'an array of char');
    return { offset: bitOffset / 8, size: shape.size };
  }

  stack(entry: 'kstack' | 'ustack', size: 'kstack_sz' | 'ustack_sz'): StackPlace {
    const { shape, bitOffset } = this.find(entry);
    const isAddresses =
      shape.kind === 'array' && shape.element.kind === 'integer' && shape.element.size === ADDRESS_BYTES;
    if (!isAddresses || shape.length === 0) throw this.wrong(entry, 'an array of 64-bit integers');
    return { offset: bitOffset / 8, slots: shape.length, readSize: this.integer(size) };
  }

  private find(entry: StackTraceField): Field {
    const name = this.nameOf(entry);
    const field = this.layout.fields.find((one) => one.name === name);
    if (field) return field;
    const known = this.layout.fields.map((one) => one.name);
    const [near] = nearNames(name, known);
    const hint =
      near === undefined
        ? `its members: ${known.map(printable).join(', ')}`
        : `did you mean ${printable(near)}?`;
    throw this.invalid(`has no member ${this.called(entry)}`, hint);
  }

  private wrong(entry: StackTraceField, expected: string): EcliError {
    return this.invalid(`member ${this.called(entry)} is not ${expected}`);
  }

  private invalid(reason: string, hint?: string): EcliError {
    return new EcliError(
      'PACKAGE_INVALID',
      `stack_trace: ${this.layout.spelling} ${reason}`,
      hint === undefined ? {} : { hint },
    );
  }

  private called(entry: StackTraceField): string {
    const name = printable(this.nameOf(entry));
    return name === entry ? name : `${name} (field_map.${entry})`;
  }
}
