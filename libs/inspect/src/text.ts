import { printable, printableLines, wrap } from '@ecli/core';
import type {
  DataSectionInspection,
  ExportInspection,
  Inspection,
  MapInspection,
  OptionInspection,
  ProgramInspection,
} from './inspection.ts';

const INDENT = '  ';

/** Says to a person what is in a package. Fit for a terminal, whatever the package holds. */
export function inspectionText(inspection: Inspection): string {
  const paragraphs = [
    title(inspection),
    facts(inspection),
    section('Programs', inspection.programs.map(programCells)),
    section('Maps', inspection.maps.map(mapCells)),
    section('Data', inspection.dataSections.flatMap(dataCells)),
    section('Options', inspection.options.map(optionCells)),
    ...inspection.exports.map(exportParagraph),
    inspection.untyped === undefined ? '' : `Events: ${printable(inspection.untyped)}`,
    section(
      'BTF archive',
      (inspection.btfArchive ?? []).map(({ path, size }) => [path, bytes(size)]),
    ),
  ];
  return `${paragraphs.filter((text) => text !== '').join('\n\n')}\n`;
}

function title({ name, documentation: { version, brief, description, details } = {} }: Inspection): string {
  const head = [printable(name), version && printable(version)].filter(Boolean).join(' ');
  const first = brief ? `${head}: ${printable(brief)}` : head;
  return [first, description, details]
    .filter((text) => text !== undefined && text !== '')
    .map((text) =>
      printableLines(text ?? '')
        .trimEnd()
        .split('\n')
        .map((line) => hanging('', line))
        .join('\n'),
    )
    .join('\n\n');
}

function facts(inspection: Inspection): string {
  const { license, eunomiaVersion, objectSize, size, mediaType, digest, reference } = inspection;
  const rows = [
    ['Reference', reference],
    ['Type', mediaType],
    ['Digest', digest],
    ['Size', `${bytes(size)}, its object ${bytes(objectSize)}`],
    ['License', license ?? 'none: the kernel refuses functions that are for the GPL alone'],
    ...(eunomiaVersion === undefined ? [] : [['Made by', `compiler ${eunomiaVersion}`]]),
    ['Types', typesFact(inspection)],
  ];
  return table(rows, '');
}

function typesFact({ btfTypes, coreRelocations }: Inspection): string {
  const own = `${btfTypes} in its BTF`;
  const relocations =
    coreRelocations === 0
      ? 'none of the kernel, so it loads on any'
      : `${plural(coreRelocations, 'place')} ${coreRelocations === 1 ? 'depends' : 'depend'} on the kernel's (CO-RE)`;
  return `${own}; ${relocations}`;
}

function programCells({ name, section: where, instructions, link }: ProgramInspection): string[] {
  return [name, where, plural(instructions, 'instruction'), link ? '' : 'not attached'];
}

function mapCells(map: MapInspection): string[] {
  const { name, type, memory, cpus, flags, pinned } = map;
  const notes = [
    memory === undefined ? 'memory grows with use' : `about ${bytes(memory)}`,
    cpus === undefined ? '' : `for ${plural(cpus, 'CPU')}`,
    ...flags.map((flag) => flag.replace('BPF_F_', '').toLowerCase()),
    pinned ? 'pinned' : '',
  ];
  return [name, shortType(type), contentOf(map), notes.filter(Boolean).join(', ')];
}

function shortType(type: string): string {
  return type.replace('BPF_MAP_TYPE_', '').toLowerCase();
}

function contentOf({ type, keyType, keySize, valueType, valueSize, maxEntries }: MapInspection): string {
  if (type.endsWith('RINGBUF')) return valueType ?? '';
  const key = keyType ?? (keySize === 0 ? '' : `${keySize} bytes`);
  const value = valueType ?? (valueSize === 0 ? '' : `${valueSize} bytes`);
  const pair = [key, value].filter(Boolean).join(' → ');
  return maxEntries === 0 ? pair : `${pair} × ${maxEntries.toLocaleString('en')}`;
}

function dataCells({ name, size, variables }: DataSectionInspection): string[][] {
  const head = [name, '', bytes(size), ''];
  const rows = variables.map((variable) => [
    `  ${variable.name}`,
    variable.type,
    variable.value === undefined || variable.value === '' ? '' : `= ${shortened(variable.value)}`,
    variable.description ?? '',
  ]);
  return [head, ...rows];
}

function optionCells({ long, short, type, default: value, help, flag }: OptionInspection): string[] {
  const names = `${short === undefined ? '    ' : `-${short}, `}--${long}${flag ? '' : ' VALUE'}`;
  return [names, type, value === '' ? '' : `default: ${shortened(value)}`, help ?? ''];
}

/** Of a longer value its beginning is enough to know it by. */
const VALUE_LENGTH = 30;

function shortened(value: string): string {
  return value.length > VALUE_LENGTH ? `${value.slice(0, VALUE_LENGTH)}…` : value;
}

function exportParagraph({ map, kind, sample, stackTrace, type, size, c }: ExportInspection): string {
  const how = sample
    ? `map ${map}, read each ${sample.intervalMs} ms as ${sample.type}${sample.clearMap ? ', then emptied' : ''}`
    : `map ${map}, ${kind === 'ring' ? 'a ring buffer' : 'perf buffers'}`;
  const what = stackTrace ? `stack traces of ${type}` : type;
  const of = sample ? what : `${what}, ${plural(size, 'byte')}`;
  const head = `Events: ${of}, from ${how}`;
  const lines = c
    .trimEnd()
    .split('\n')
    .map((line) => (line === '' ? '' : `${INDENT}${printable(line)}`));
  return [printable(head), ...lines].join('\n');
}

function section(name: string, rows: readonly (readonly string[])[]): string {
  return rows.length === 0 ? '' : `${name}:\n${table(rows, INDENT)}`;
}

/** Columns as wide as what is in them; a cell that is far longer than the others goes over its column. */
function table(rows: readonly (readonly string[])[], indent: string): string {
  const safe = rows.map((row) => row.map(printable));
  const widths = safe.reduce<number[]>((all, row) => {
    row.forEach((cell, index) => {
      if (index < row.length - 1) all[index] = Math.max(all[index] ?? 0, Math.min(cell.length, WIDEST_CELL));
    });
    return all;
  }, []);
  return safe
    .map((row) => {
      const lead = row.slice(0, -1).map((cell, index) => `${cell.padEnd(widths[index] ?? 0)}  `);
      return hanging(`${indent}${lead.join('')}`, row.at(-1) ?? '');
    })
    .join('\n');
}

/** `text` after `lead`, broken between words, its further lines below its first. */
function hanging(lead: string, text: string): string {
  const [first = '', ...rest] = wrap(text, Math.max(LEAST_WIDTH, WIDTH - lead.length));
  return [`${lead}${first}`.trimEnd(), ...rest.map((line) => `${' '.repeat(lead.length)}${line}`)].join('\n');
}

const WIDTH = 100;
const LEAST_WIDTH = 30;

const WIDEST_CELL = 48;

/** `5.5 MB`: three digits are enough to know how large a thing is. */
export function bytes(size: number): string {
  if (size < 1024) return plural(size, 'byte');
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length, Math.floor(Math.log2(size) / 10));
  const value = size / 2 ** (10 * power);
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/, '') : Math.round(value)} ${units[power - 1]}`;
}

export function plural(count: number, what: string): string {
  return `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;
}
