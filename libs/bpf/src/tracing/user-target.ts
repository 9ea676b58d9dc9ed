import { type FunctionOffset, parseFunctionOffset } from './function-offset.ts';

/** What the target of a uprobe or USDT program names: `[PID:][BINARY:]NAMES`, or a process alone. */
interface UserTarget {
  readonly pid?: number;
  readonly binary?: string;
  /** Empty where only a process is named. */
  readonly names: readonly string[];
}

/** `[PID:][BINARY:]FUNCTION[+OFFSET]`, `[PID:]BINARY:0xOFFSET`, or `PID`. */
export interface UprobeTarget extends Omit<UserTarget, 'names'> {
  readonly place?: FunctionOffset;
}

/** `[PID:][BINARY:]PROVIDER:NAME`, or `PID`. */
export interface UsdtTarget extends Omit<UserTarget, 'names'> {
  readonly provider?: string;
  readonly name?: string;
}

/** Reads where a uprobe goes; undefined for text that says nothing of the kind. */
export function parseUprobeTarget(text: string): UprobeTarget | undefined {
  const { names, ...where } = parseUserTarget(text, 1);
  const [name] = names;
  if (name === undefined) return where.pid === undefined ? undefined : where;
  const place = parseFunctionOffset(name);
  return place && { ...where, place };
}

/** Reads where a USDT program goes; undefined for text that says nothing of the kind. */
export function parseUsdtTarget(text: string): UsdtTarget | undefined {
  const { names, ...where } = parseUserTarget(text, 2);
  const [provider, name] = names;
  if (provider === undefined) return where.pid === undefined ? undefined : where;
  return name === undefined || name === '' ? undefined : { ...where, provider, name };
}

/**
 * A first word of digits is a process (a file of that name is `./42`), the last `count` words are names, and a
 * path between them may have colons itself.
 */
function parseUserTarget(text: string, count: number): UserTarget {
  const words = text.split(':');
  const isProcess = /^\d+$/.test(words[0] ?? '') && (words.length === 1 || words.length > count);
  const process = isProcess ? { pid: Number(words.shift()) } : {};
  const names = words.splice(-count);
  const binary = words.join(':');
  return { ...process, ...(binary !== '' && { binary }), names: names.filter((name) => name !== '') };
}
