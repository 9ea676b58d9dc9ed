import { type DataSectionLayout, dataSections, type ObjectFile, type VariableLayout } from '@ecli/btf';
import { isLossVariable } from '@ecli/packages';

/** Where a program counts the events that had no room in its ring buffer. */
export interface LossVariable {
  readonly section: DataSectionLayout;
  /** Bytes from the start of the section. */
  readonly offset: number;
  /** Bytes of a number, and how many there are: several CPUs may count each by itself. */
  readonly size: number;
  readonly numbers: number;
}

/** Finds the variable, if a program has one that is an integer, or an array of integers to be added up. */
export function findLossVariable(file: ObjectFile): LossVariable | undefined {
  for (const section of dataSections(file)) {
    const variable = section.variables.find(({ name }) => isLossVariable(name, section.name));
    const size = variable && integerSize(file, variable.type);
    if (variable && size) return { section, offset: variable.offset, size, numbers: variable.size / size };
  }
  return undefined;
}

function integerSize({ btf }: ObjectFile, id: VariableLayout['type']): number | undefined {
  let type = btf.resolve(id);
  while (type.kind === 'array') type = btf.resolve(type.element);
  return type.kind === 'int' && [1, 2, 4, 8].includes(type.size) ? type.size : undefined;
}

/** What the variable says by the `content` of its section. */
export function lossIn({ offset, size, numbers }: LossVariable, content: Uint8Array): number {
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  let sum = 0;
  for (let at = offset; at < offset + size * numbers; at += size) {
    sum += size === 8 ? Number(bytes.readBigUInt64LE(at)) : bytes.readUIntLE(at, size);
  }
  return sum;
}
