import { listed, printable, printableLines, wrap } from '@ecli/core';
import type { PackageDoc } from '../meta.ts';
import type { ProgramOption } from './program-options.ts';

const WIDTH = 100;

/** One line of the list of options. */
interface OptionLine {
  readonly spelling: string;
  readonly text: string;
}

/** What a program is called, and where it is: what its user types. */
export interface ProgramName {
  readonly name: string;
  readonly reference: string;
}

/**
 * Writes how a program is used, from its documentation and its variables' descriptions.
 * `initial` gives the bytes that a variable has when no argument sets it.
 */
export function usageText(
  { name, reference }: ProgramName,
  doc: PackageDoc | undefined,
  options: readonly ProgramOption[],
  initial: (option: ProgramOption) => Uint8Array,
): string {
  const own = options.filter((option) => option.type && option.long !== '');
  const names = new Set(own.map(({ long }) => long));
  const helpShort = own.some(({ short }) => short === 'h') ? '    ' : '-h, ';
  const lines = [
    ...own.map((option) => optionLine(option, initial(option))),
    { spelling: `${helpShort}--help`, text: 'print this help' },
    ...(names.has('verbose') ? [] : [{ spelling: '    --verbose', text: "show libbpf's messages" }]),
  ];
  const paragraphs = [
    ...docParagraphs(name, doc),
    `Usage: ecli run ${typed(reference)} [options]`,
    optionList(lines),
  ];
  return `${paragraphs.join('\n\n')}\n`;
}

/** Spells a word as one types it in a shell. */
function typed(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${printable(word).replaceAll("'", `'\\''`)}'`;
}

function docParagraphs(name: string, doc: PackageDoc = {}): readonly string[] {
  const title = [name, doc.version].filter(Boolean).join(' ');
  const brief = doc.brief ? `${title}: ${doc.brief}` : title;
  const paragraphs = [brief === name ? undefined : brief, doc.description, doc.details];
  return paragraphs
    .filter((text) => text !== undefined && text !== '')
    .map((text) => inLines(printableLines(text ?? '')));
}

function inLines(text: string): string {
  return text
    .split('\n')
    .flatMap((line) => (line.length > WIDTH ? wrap(line, WIDTH) : [line]))
    .join('\n');
}

function optionLine(option: ProgramOption, initial: Uint8Array): OptionLine {
  const { short, long, type, typeName, help, sets } = option;
  const names = `${short === undefined ? '    ' : `-${printable(short)}, `}--${printable(long)}`;
  const spelling = type?.flag ? names : `${names} VALUE`;
  const value = type?.format(initial) ?? '';
  const facts = [
    type?.flag ? '' : typeName,
    type?.choices ? `one of ${listed(type.choices)}` : '',
    value === '' ? '' : `default: ${shortened(value)}`,
  ];
  const known = facts.filter(Boolean).join('; ');
  const described = help ?? (type?.flag ? `set ${printable(option.variable.name)} to ${sets}` : '');
  return { spelling, text: `${printableLines(described).trim()}${known ? ` (${known})` : ''}`.trim() };
}

/** Of a longer value, an array's or a text's, its beginning is enough to know it by. */
const VALUE_LENGTH = 60;

function shortened(value: string): string {
  return value.length > VALUE_LENGTH ? `${value.slice(0, VALUE_LENGTH)}…` : value;
}

/** A longer spelling has its text on the line below. */
const SPELLING_WIDTH = 34;

function optionList(lines: readonly OptionLine[]): string {
  const width = Math.min(SPELLING_WIDTH, Math.max(...lines.map(({ spelling }) => spelling.length)));
  const indent = ' '.repeat(width + 4);
  return [
    'Options:',
    ...lines.map(({ spelling, text }) => {
      const wrapped = text.split('\n').flatMap((line) => wrap(line.trim(), WIDTH - indent.length));
      const [first = '', ...rest] = spelling.length > width ? ['', ...wrapped] : wrapped;
      const lead = `  ${spelling.padEnd(width)}  ${first}`.trimEnd();
      return [lead, ...rest.map((line) => `${indent}${line}`)].join('\n');
    }),
  ].join('\n');
}
