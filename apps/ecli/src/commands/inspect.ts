import { createPluginHost } from '@ecli/core';
import { eventTypes, inspectionText, inspectPackage, openPackage } from '@ecli/inspect';
import { defineCommand } from '../command.ts';
import { notEmpty, parseWord } from '../flag-values.ts';
import type { FlagTable, FlagValues } from '../flags.ts';
import { plugins } from '../plugins.ts';
import { leadingFlags } from '../run-flags.ts';
import { parseProgramType } from '../run-request.ts';
import type { Terminal } from '../terminal/terminal.ts';

const LANGUAGES = ['ts'] as const;

const flags = {
  json: { short: 'j', help: 'write JSON, which has all that the text has and more' },
  types: { value: 'LANGUAGE', help: 'write the types of the events instead: ts, for TypeScript' },
  export: { value: 'STRUCT', help: "the object's struct that its events are, where it doesn't say" },
  ...leadingFlags,
} as const satisfies FlagTable;

/** `ecli inspect`: says what a program is, without running it. */
export const inspectCommand = defineCommand({
  description: "Says what is in a program: its programs, maps, options and events' types.",
  operands: 'REF',
  count: { least: 1, most: 1 },
  flags,
  examples: ['ecli inspect package.json', 'ecli inspect --types ts thing.bpf.o > events.ts'],

  async run({ operands: [reference = ''], flags: given }, terminal) {
    const language =
      given.types === undefined ? undefined : parseWord('--types', given.types, LANGUAGES, 'language');
    const opened = await open(reference, given, terminal);
    if (language !== undefined) terminal.print(eventTypes(opened));
    else if (given.json) terminal.print(`${JSON.stringify(inspectPackage(opened), null, 2)}\n`);
    else terminal.print(inspectionText(inspectPackage(opened)));
    return 0;
  },
});

async function open(
  reference: string,
  { export: exportType, 'program-type': type }: FlagValues<typeof flags>,
  { logger, interruption: { signal } }: Terminal,
) {
  const { source } = createPluginHost(plugins);
  const artifact = await source.fetch(reference, {
    signal,
    ...(type !== undefined && { mediaType: parseProgramType(type) }),
  });
  return openPackage(artifact, {
    signal,
    diagnose: (line) => logger.log('debug', line),
    ...(exportType !== undefined && { exportType: notEmpty('--export', exportType) }),
  });
}
