import { lastWords } from '../report.ts';
import { refusalHint } from './hints.ts';

/** Why the verifier refused a program, taken from its log. */
export interface VerifierExplanation {
  /** The verifier's last word: `R0 invalid mem access 'map_value_or_null'`. */
  readonly reason: string;
  /** The lines just before it that belong to it, where they say more. */
  readonly context: readonly string[];
  readonly instruction?: { readonly index: number; readonly text: string };
  /** What registers of that instruction held. */
  readonly registers: readonly string[];
  readonly source?: SourcePlace;
  readonly hint?: string;
}

export interface SourcePlace {
  readonly text: string;
  readonly file?: string;
  readonly line?: number;
}

/** Finds the line of source that an instruction was made of; for kernels that don't say it in the log. */
export type FindSource = (instruction: number) => SourcePlace | undefined;

/** `12: (79) r1 = *(u64 *)(r0 +0)`, and from Linux 6.x on the registers that it changed after a `;`. */
const INSTRUCTION = /^(\d+): \([0-9a-f]{2}\) (.*?)(?:\s*;\s*(R\d.*|frame\d.*))?$/;
/** `; value->count++; @ counter.bpf.c:31`; the place from Linux 6.9 on. */
const SOURCE = /^; (.*?)(?: @ (.+):(\d+))?$/;
/** `R2=scalar(smin=0,var_off=(0x0; 0xff))`: a word, and what stands in its parentheses. */
const REGISTER = /\bR(\d+)(?:_[a-z]+)*=([^\s(]+(?:\((?:[^()]|\([^()]*\))*\))?)/g;
/** What libbpf writes in the place of an instruction whose relocation came to nothing. */
const POISONED = /^(\d+): <invalid CO-RE relocation>/;

const CONTEXT_LINES = 3;

/** Explains a refusal from the verifier's log, of level 1 or more. @returns undefined for an empty log */
export function explainRefusal(
  log: readonly string[],
  findSource?: FindSource,
): VerifierExplanation | undefined {
  const words = lastWords(log, CONTEXT_LINES);
  const reason = reasonOf(words);
  if (reason === undefined) return undefined;
  const end = log.lastIndexOf(reason);
  const before = log.slice(0, end);
  const instruction = lastInstruction(before);
  const source = instruction && (findSource?.(instruction.index) ?? sourceBefore(before));
  const hint = refusalHint(reason) ?? refusalHint(words.join('\n'));
  return {
    reason,
    context: words.filter((line) => line !== reason && !isState(line)),
    registers: instruction ? registersOf(instruction.text, before) : [],
    ...(instruction && { instruction }),
    ...(source && { source }),
    ...(hint !== undefined && { hint }),
  };
}

/** The last word; of a relocation that failed, libbpf's word in the place of the kernel's. */
function reasonOf(words: readonly string[]): string | undefined {
  return words.find((line) => line.startsWith('failed to resolve CO-RE relocation')) ?? words.at(-1);
}

function isState(line: string): boolean {
  return (
    INSTRUCTION.test(line) ||
    POISONED.test(line) ||
    SOURCE.test(line) ||
    /^(?:\d+: )?R\d+(?:_[a-z]+)*=/.test(line)
  );
}

function lastInstruction(log: readonly string[]): VerifierExplanation['instruction'] {
  for (const line of log.toReversed()) {
    const [, index, text] = INSTRUCTION.exec(line) ?? [];
    if (index !== undefined && text !== undefined) return { index: Number(index), text };
    const [poisoned] = POISONED.exec(line)?.slice(1) ?? [];
    if (poisoned !== undefined) return { index: Number(poisoned), text: 'a CO-RE relocation' };
  }
  return undefined;
}

function sourceBefore(log: readonly string[]): SourcePlace | undefined {
  for (const line of log.toReversed()) {
    const [, text, file, number] = SOURCE.exec(line) ?? [];
    // Where the compiler couldn't read its source again (standard input), the text is empty.
    if (text === undefined || (text === '' && file === undefined)) continue;
    return { text: text.trim(), ...(file !== undefined && { file, line: Number(number) }) };
  }
  return undefined;
}

/** The newest state of each register that the instruction names. */
function registersOf(instruction: string, log: readonly string[]): string[] {
  const read = instruction.replace(/^[rw]\d+ = /, '');
  const wanted = new Set([...read.matchAll(/\b[rw](\d+)\b/g)].map(([, number]) => number));
  const states = new Map<string, string>();
  // A call reads r1 to r5; what they hold says what it was given.
  if (instruction.startsWith('call')) for (const number of ['1', '2', '3', '4', '5']) wanted.add(number);
  for (const line of log.toReversed()) {
    for (const [, number = '', state = ''] of line.matchAll(REGISTER)) {
      if (wanted.has(number) && !states.has(number)) states.set(number, state);
    }
    if (states.size === wanted.size) break;
  }
  return [...states]
    .sort(([one], [other]) => Number(one) - Number(other))
    .map(([number, state]) => `R${number}=${state}`);
}

/** Code that a macro made may be long. */
const LONGEST_SOURCE = 90;

function shortened(text: string): string {
  return text.length > LONGEST_SOURCE ? `${text.slice(0, LONGEST_SOURCE)}…` : text;
}

/** Lines that tell it to a person. */
export function explanationLines(explanation: VerifierExplanation): string[] {
  const { context, instruction, registers, source, hint } = explanation;
  const place = source?.file === undefined ? '' : `${source.file}:${source.line}: `;
  return [
    ...(source ? [`at ${place}${shortened(source.text)}`] : []),
    ...(instruction ? [`instruction ${instruction.index}: ${instruction.text}`] : []),
    ...(registers.length > 0 ? [`where ${registers.join(' ')}`] : []),
    ...(context.length > 0 ? ['the verifier ended with:', ...context.map((line) => `  ${line}`)] : []),
    ...(hint === undefined ? [] : hint.split('\n')),
  ];
}
