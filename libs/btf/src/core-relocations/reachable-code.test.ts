import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { reachableCode } from './reachable-code.ts';

/** Instructions of struct bpf_insn: code, registers (source, destination), offset, immediate. */
type Instruction = readonly [code: number, registers: number, offset: number, immediate: number];

const MOV = 0xb7;
const MOV_REGISTER = 0xbf;
const AND = 0x57;
const JEQ = 0x15;
const JA = 0x05;
const CALL = 0x85;
const EXIT: Instruction = [0x95, 0, 0, 0];

function assemble(instructions: readonly Instruction[]): Uint8Array {
  const code = Buffer.alloc(instructions.length * 8);
  instructions.forEach(([operation, registers, offset, immediate], index) => {
    code.writeUInt8(operation, index * 8);
    code.writeUInt8(registers, index * 8 + 1);
    code.writeInt16LE(offset, index * 8 + 2);
    code.writeInt32LE(immediate, index * 8 + 4);
  });
  return code;
}

/** Indices of the instructions that can run. */
function reached(
  instructions: readonly Instruction[],
  constants: Readonly<Record<number, bigint>> = {},
): number[] {
  const byOffset = new Map(Object.entries(constants).map(([index, value]) => [Number(index) * 8, value]));
  return [...reachableCode(assemble(instructions), [0], byOffset)].map((at) => at / 8).sort((a, b) => a - b);
}

describe('reachableCode', () => {
  const asks: readonly Instruction[] = [
    [MOV, 1, 0, 99],
    [MOV_REGISTER, 0x12, 0, 0],
    [AND, 2, 0, 1],
    [JEQ, 2, 1, 0],
    [MOV, 0, 0, 7],
    EXIT,
  ];

  test('leaves out what is jumped past on a constant', () => {
    expect(reached(asks, { 0: 0n })).toEqual([0, 1, 2, 3, 5]);
    expect(reached(asks, { 0: 1n })).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('takes both ways after a mov that extends a sign, and after a load that is atomic', () => {
    const extends8: readonly Instruction[] = [
      [MOV, 1, 0, 0x80],
      [MOV_REGISTER, 0x12, 8, 0],
      [JEQ, 2, 1, 0x80],
      [MOV, 0, 0, 7],
      EXIT,
    ];
    expect(reached(extends8)).toEqual([0, 1, 2, 3, 4]);
    // smp_load_acquire, BPF_LOAD_ACQ: r2 = *(u32 *)(r1)
    const loads: readonly Instruction[] = [
      [MOV, 2, 0, 0],
      [0xc3, 0x12, 0, 0x100],
      [JEQ, 2, 1, 0],
      [MOV, 0, 0, 7],
      EXIT,
    ];
    expect(reached(loads)).toEqual([0, 1, 2, 3, 4]);
  });

  test('takes both ways where a call or a join leaves a register unknown', () => {
    const call: readonly Instruction[] = [
      [MOV, 0, 0, 0],
      [CALL, 0, 0, 5],
      [JEQ, 0, 1, 0],
      [MOV, 1, 0, 1],
      EXIT,
    ];
    expect(reached(call)).toEqual([0, 1, 2, 3, 4]);
    const join: readonly Instruction[] = [
      [MOV, 1, 0, 0],
      [JEQ, 3, 1, 0],
      [MOV, 1, 0, 1],
      [JEQ, 1, 1, 0],
      [MOV, 2, 0, 1],
      EXIT,
    ];
    expect(reached(join)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('follows loops to their end', () => {
    expect(reached([[MOV, 1, 0, 0], [0x07, 1, 0, 1], [JEQ, 1, 1, 5], [JA, 0, -3, 0], EXIT])).toEqual([
      0, 1, 2, 3, 4,
    ]);
  });

  test('ends, and stays inside, whatever the instructions', () => {
    const bytes = fc.uint8Array({ maxLength: 400 });
    fc.assert(
      fc.property(bytes, (code) => {
        const found = reachableCode(code, [0, 8], new Map());
        for (const at of found) expect(at + 8).toBeLessThanOrEqual(code.byteLength);
      }),
    );
  });
});
