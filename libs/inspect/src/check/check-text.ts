import { explanationLines } from '@ecli/bpf';
import { printable, printableLines } from '@ecli/core';
import { plural } from '../text.ts';
import type { CheckFailure, ObjectCheck, ProgramCheck } from './program-check.ts';

/** Says to a person what the kernel makes of an object's programs. */
export function checkText({ kernel, programs }: ObjectCheck): string {
  const width = Math.max(...programs.map(({ name }) => printable(name).length), 0);
  const lines = programs.flatMap((program) => programLines(program, width));
  const refused = programs.filter(({ verdict }) => verdict !== 'ok').length;
  const end =
    refused === 0
      ? `Linux ${kernel} takes ${programs.length === 1 ? 'it' : `all ${programs.length}`}; nothing was attached`
      : `Linux ${kernel} doesn't take ${refused} of ${plural(programs.length, 'program')}`;
  return `${[...lines, printable(end)].join('\n')}\n`;
}

function programLines(program: ProgramCheck, width: number): string[] {
  const { name, verdict, failure } = program;
  const head = `${printable(name).padEnd(width)}  ${verdict}${verdict === 'ok' ? `  ${spent(program)}` : ''}`;
  return [head, ...(failure ? failureLines(failure).map((line) => `    ${line}`) : [])];
}

function spent({ instructions, verifier, timeMs }: ProgramCheck): string {
  const own = plural(instructions, 'instruction');
  if (!verifier) return `${own}, ${timeMs} ms`;
  const { processedInstructions, totalStates, peakStates, verificationUs, stackDepth } = verifier;
  const stack = stackDepth?.some((depth) => depth > 0) ? `, stack ${stackDepth.join('+')} bytes` : '';
  const time = verificationUs === undefined ? `${timeMs} ms` : `${(verificationUs / 1000).toFixed(1)} ms`;
  return `${own}, ${processedInstructions.toLocaleString('en')} processed, ${plural(totalStates, 'state')} (${peakStates} at most)${stack}, ${time}`;
}

function failureLines({ message, hint, explanation }: CheckFailure): string[] {
  if (explanation) return [printable(explanation.reason), ...explanationLines(explanation).map(printable)];
  return [printable(message), ...(hint === undefined ? [] : printableLines(hint).split('\n'))];
}
