import { LITTLE_ENDIAN } from '../byte-order.ts';

/** struct bpf_insn: code, registers, 16-bit offset, 32-bit immediate. Numbers: linux/include/uapi/linux/bpf.h. */
const INSTRUCTION_BYTES = 8;
const REGISTERS = 11;

/** `code & 7`: the class. */
const Class = { LD: 0, LDX: 1, ST: 2, STX: 3, ALU: 4, JMP: 5, JMP32: 6, ALU64: 7 } as const;
/** `code & 8`: the operand is a register. */
const BPF_X = 0x08;
const LDDW = 0x18;
/** `code & 0xf0` of jumps. */
const Jump = { JA: 0x00, CALL: 0x80, EXIT: 0x90 } as const;

/** What each register holds where it is a known number; undefined where it isn't. */
type Registers = readonly (bigint | undefined)[];

const UNKNOWN: Registers = Array.from({ length: REGISTERS }, () => undefined);

/**
 * Finds the instructions of a section that can run, by following constants through registers and jumps as far as
 * that goes: `constants` has, by the offset of its instruction, what an instruction puts into its register. All that
 * isn't known is taken for possible, so what is left out can't run.
 */
export function reachableCode(
  code: Uint8Array,
  entries: readonly number[],
  constants: ReadonlyMap<number, bigint>,
): ReadonlySet<number> {
  return new Walk(code, constants).from(entries);
}

class Walk {
  private readonly view: DataView;
  private readonly states = new Map<number, Registers>();
  private readonly waiting: number[] = [];

  constructor(
    code: Uint8Array,
    private readonly constants: ReadonlyMap<number, bigint>,
  ) {
    this.view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  }

  from(entries: readonly number[]): ReadonlySet<number> {
    for (const entry of entries) this.reach(entry, UNKNOWN);
    for (let at = this.waiting.pop(); at !== undefined; at = this.waiting.pop()) this.step(at);
    return new Set(this.states.keys());
  }

  /** Notes what registers may hold at an instruction; it is walked again where that became less certain. */
  private reach(at: number, registers: Registers): void {
    if (at < 0 || at + INSTRUCTION_BYTES > this.view.byteLength) return;
    const known = this.states.get(at);
    const merged =
      known?.map((value, index) => (value === registers[index] ? value : undefined)) ?? registers;
    if (known?.every((value, index) => value === merged[index])) return;
    this.states.set(at, merged);
    this.waiting.push(at);
  }

  private step(at: number): void {
    const registers = this.states.get(at) ?? UNKNOWN;
    const code = this.view.getUint8(at);
    const next = at + (code === LDDW ? 2 : 1) * INSTRUCTION_BYTES;
    switch (code & 7) {
      case Class.JMP:
      case Class.JMP32:
        return this.jump(at, code, registers, next);
      case Class.ALU:
      case Class.ALU64:
        return this.reach(
          next,
          this.assign(at, registers, this.constants.get(at) ?? this.compute(at, code, registers)),
        );
      case Class.LD:
      case Class.LDX:
        return this.reach(next, this.assign(at, registers, this.constants.get(at)));
      default:
        return this.reach(next, isAtomic(code) ? forget(registers, this.namedBy(at)) : registers);
    }
  }

  private jump(at: number, code: number, registers: Registers, next: number): void {
    const operation = code & 0xf0;
    if (operation === Jump.EXIT) return;
    if (operation === Jump.CALL) return this.reach(next, forget(registers, [0, 1, 2, 3, 4, 5]));
    const isLong = (code & 7) === Class.JMP32 && operation === Jump.JA;
    const distance = isLong ? this.immediate(at) : this.view.getInt16(at + 2, LITTLE_ENDIAN);
    const target = at + (1 + distance) * INSTRUCTION_BYTES;
    const taken = operation === Jump.JA || this.decide(at, code, registers);
    if (taken !== true) this.reach(next, registers);
    if (taken !== false) this.reach(target, registers);
  }

  /** Whether a conditional jump is taken; undefined where that isn't known. */
  private decide(at: number, code: number, registers: Registers): boolean | undefined {
    const left = registers[this.destination(at)];
    const right = this.operand(at, code, registers);
    if (left === undefined || right === undefined) return undefined;
    const bits = (code & 7) === Class.JMP32 ? 32 : 64;
    const [a, b] = [BigInt.asUintN(bits, left), BigInt.asUintN(bits, right)];
    const [x, y] = [BigInt.asIntN(bits, left), BigInt.asIntN(bits, right)];
    switch (code & 0xf0) {
      case 0x10:
        return a === b;
      case 0x20:
        return a > b;
      case 0x30:
        return a >= b;
      case 0x40:
        return (a & b) !== 0n;
      case 0x50:
        return a !== b;
      case 0x60:
        return x > y;
      case 0x70:
        return x >= y;
      case 0xa0:
        return a < b;
      case 0xb0:
        return a <= b;
      case 0xc0:
        return x < y;
      case 0xd0:
        return x <= y;
      default:
        return undefined;
    }
  }

  /** The operations that compilers put between a constant and the jump on it. */
  private compute(at: number, code: number, registers: Registers): bigint | undefined {
    const left = registers[this.destination(at)];
    const right = this.operand(at, code, registers);
    // An offset makes it another operation: a mov that extends the sign, a division of signed numbers.
    if (right === undefined || this.view.getInt16(at + 2, LITTLE_ENDIAN) !== 0) return undefined;
    const bits = (code & 7) === Class.ALU ? 32 : 64;
    const result = binary(code & 0xf0, left, right, bits);
    return result === undefined ? undefined : BigInt.asUintN(bits, result);
  }

  private operand(at: number, code: number, registers: Registers): bigint | undefined {
    return code & BPF_X ? registers[this.source(at)] : BigInt(this.immediate(at));
  }

  private assign(at: number, registers: Registers, value: bigint | undefined): Registers {
    const index = this.destination(at);
    return index < REGISTERS ? registers.with(index, value) : registers;
  }

  private destination(at: number): number {
    const both = this.view.getUint8(at + 1);
    return LITTLE_ENDIAN ? both & 0xf : both >> 4;
  }

  private source(at: number): number {
    const both = this.view.getUint8(at + 1);
    return LITTLE_ENDIAN ? both >> 4 : both & 0xf;
  }

  /** Atomic operations give back what was there in r0 or in the source, and loads in the destination. */
  private namedBy(at: number): readonly number[] {
    return [0, this.source(at), this.destination(at)];
  }

  private immediate(at: number): number {
    return this.view.getInt32(at + 4, LITTLE_ENDIAN);
  }
}

/** `code & 0xf0` of arithmetic: add, or, and, shifts, xor, mov. */
function binary(
  operation: number,
  left: bigint | undefined,
  right: bigint,
  bits: number,
): bigint | undefined {
  if (operation === 0xb0) return right;
  if (left === undefined) return undefined;
  const value = BigInt.asUintN(bits, left);
  const shift = right & BigInt(bits - 1);
  switch (operation) {
    case 0x00:
      return value + right;
    case 0x40:
      return value | right;
    case 0x50:
      return value & right;
    case 0x60:
      return value << shift;
    case 0x70:
      return value >> shift;
    case 0xa0:
      return value ^ right;
    case 0xc0:
      return BigInt.asIntN(bits, value) >> shift;
    default:
      return undefined;
  }
}

/** `code & 0xe7`: BPF_STX | BPF_ATOMIC, of any size. */
function isAtomic(code: number): boolean {
  return (code & 0xe7) === 0xc3;
}

function forget(registers: Registers, lost: readonly number[]): Registers {
  return registers.map((value, index) => (lost.includes(index) ? undefined : value));
}
