/** An instruction of a function. */
export interface FunctionOffset {
  /** Undefined where the offset is one in the file. */
  readonly function?: string;
  /** Bytes. */
  readonly offset: number;
}

/** Reads `vfs_read`, `vfs_read+0x10` or, for a place in a file, `0x1130`; undefined for anything else. */
export function parseFunctionOffset(text: string): FunctionOffset | undefined {
  if (/^0x[0-9a-f]+$/i.test(text)) return { offset: Number(text) };
  const [, name, offset = '0'] = /^([^\s+:/]+)(?:\+(0x[0-9a-f]+|\d+))?$/i.exec(text) ?? [];
  return name === undefined ? undefined : { function: name, offset: Number(offset) };
}
