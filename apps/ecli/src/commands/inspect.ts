import { ArgumentError, type Artifact, createPluginHost, MediaType, printableJson, sniff } from '@ecli/core';
import {
  checkKernels,
  checkPrograms,
  checkText,
  eventTypes,
  findKernelBtf,
  inspectionText,
  inspectPackage,
  inspectWasm,
  kernelsText,
  type OpenedPackage,
  openPackage,
  wasmText,
} from '@ecli/inspect';
import { defineCommand } from '../command.ts';
import { notEmpty, parseWord } from '../flag-values.ts';
import type { FlagTable, FlagValues } from '../flags.ts';
import { plugins } from '../plugins.ts';
import { leadingFlags } from '../run-flags.ts';
import { parseProgramType } from '../run-request.ts';
import { readFetchWishes, sourceFlagGroups } from '../source-flags.ts';
import type { Terminal } from '../terminal/terminal.ts';

const LANGUAGES = ['ts'] as const;

const flags = {
  json: { short: 'j', help: 'write JSON, which has all that the text has and more' },
  types: { value: 'LANGUAGE', help: 'write the types of the events instead: ts, for TypeScript' },
  check: { help: "have this machine's kernel verify each program; nothing is attached" },
  btf: { value: 'FILE|DIR', help: 'with --check: tell which of these kernels have the types it needs' },
  export: { value: 'STRUCT', help: "the object's struct that its events are, where it doesn't say" },
  ...leadingFlags,
} as const satisfies FlagTable;

/** `ecli inspect`: says what a program is, without running it. */
export const inspectCommand = defineCommand({
  description:
    "Says what is in a program (programs, maps, options, events' types), and whether a kernel takes it.",
  operands: 'REF',
  count: { least: 1, most: 1 },
  flags,
  groups: sourceFlagGroups,
  examples: [
    'ecli inspect package.json',
    'ecli inspect ghcr.io/org/tool:v1',
    'ecli inspect --types ts thing.bpf.o > events.ts',
    'ecli inspect --check thing.bpf.c',
    'ecli inspect --check --btf btfhub-archive/ubuntu thing.bpf.o',
  ],
  notes: 'Exit codes: 0 all is well, 1 a kernel refuses it or it has failed, 2 it was called wrongly.',

  async run({ operands: [reference = ''], flags: given }, terminal) {
    const language =
      given.types === undefined ? undefined : parseWord('--types', given.types, LANGUAGES, 'language');
    expectSense(given);
    const artifact = await fetchArtifact(reference, given, terminal);
    if (isPlainWasm(artifact, given)) return describeWasm(artifact, given, terminal);
    const opened = await open(artifact, given, terminal);
    if (given.check) return check(opened, given, terminal);
    if (language !== undefined) terminal.print(eventTypes(opened));
    else if (given.json) terminal.print(asJson(inspectPackage(opened)));
    else terminal.print(inspectionText(inspectPackage(opened)));
    return 0;
  },
});

type Given = FlagValues<typeof flags>;

/** @throws ARGUMENT_INVALID for flags that have no meaning together */
function expectSense({ check, btf, types, json }: Given): void {
  if (btf !== undefined) notEmpty('--btf', btf);
  if (btf !== undefined && !check) {
    throw new ArgumentError('--btf: nothing is to be checked', [], { hint: 'add --check' });
  }
  if (types !== undefined && (check || json)) {
    throw new ArgumentError(`--types: can't be written together with ${check ? '--check' : '--json'}`, [], {
      hint: 'call ecli inspect twice',
    });
  }
}

async function check(opened: OpenedPackage, { btf, json }: Given, terminal: Terminal): Promise<number> {
  const { signal } = terminal.interruption;
  if (btf !== undefined) {
    const kernels = await checkKernels(opened, findKernelBtf(btf), { signal });
    terminal.print(json ? asJson(kernels) : kernelsText(kernels));
    return kernels.kernels.every(({ verdict }) => verdict === 'ok') ? 0 : 1;
  }
  // As for `ecli run`, an empty one is none.
  const btfPath = process.env['BTF_FILE_PATH'] ?? '';
  const result = await checkPrograms(opened, {
    signal,
    diagnose: (line) => terminal.logger.log('debug', line),
    ...(btfPath !== '' && { btfPath }),
  });
  terminal.print(json ? asJson(result) : checkText(result));
  return result.programs.every(({ verdict }) => verdict === 'ok') ? 0 : 1;
}

function asJson(value: unknown): string {
  return `${printableJson(JSON.stringify(value, null, 2))}\n`;
}

/** A Wasm module has no events and no programs that could be told; asking for those ends in a refusal. */
function isPlainWasm({ content }: Artifact, { check, types }: Given): boolean {
  return sniff(content) === MediaType.wasm && !check && types === undefined;
}

async function describeWasm(artifact: Artifact, { json }: Given, terminal: Terminal): Promise<number> {
  const inspection = await inspectWasm(artifact);
  terminal.print(json ? asJson(inspection) : wasmText(inspection));
  return 0;
}

async function fetchArtifact(reference: string, given: Given, terminal: Terminal): Promise<Artifact> {
  const { source } = createPluginHost(plugins);
  const { 'program-type': type } = given;
  const mediaType = type === undefined ? undefined : parseProgramType(type);
  return source.fetch(reference, {
    ...(await readFetchWishes(reference, given, terminal)),
    signal: terminal.interruption.signal,
    ...(mediaType !== undefined && { mediaType }),
  });
}

function open(
  artifact: Artifact,
  { export: exportType }: Given,
  { logger, interruption: { signal } }: Terminal,
): Promise<OpenedPackage> {
  return openPackage(artifact, {
    signal,
    diagnose: (line) => logger.log('debug', line),
    ...(exportType !== undefined && { exportType: notEmpty('--export', exportType) }),
  });
}
