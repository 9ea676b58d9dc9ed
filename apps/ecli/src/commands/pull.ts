import { printable, printableJson } from '@ecli/core';
import { spellReference } from '@ecli/oci';
import { OciSource, type PulledProgram } from '@ecli/source-oci';
import { defineCommand } from '../command.ts';
import { notEmpty } from '../flag-values.ts';
import type { FlagTable } from '../flags.ts';
import { type SavedFile, saveProgram } from '../saved-program.ts';
import { imageFlagGroups, imageFlags, readFetchWishes } from '../source-flags.ts';

const STDOUT = '-';

const flags = {
  output: { short: 'o', value: 'PATH', help: 'save it as this file or in this folder; - is standard output' },
  json: { short: 'j', help: 'say what was saved as JSON' },
  ...imageFlags,
} as const satisfies FlagTable;

/** `ecli pull`: saves a program from a registry. */
export const pullCommand = defineCommand({
  description: 'Saves a program from a registry: as package.json, NAME.bpf.o, NAME.wasm or NAME.tar.',
  operands: 'REF',
  count: { least: 1, most: 1 },
  flags,
  groups: imageFlagGroups,
  examples: [
    'ecli pull ghcr.io/eunomia-bpf/sigsnoop:latest',
    'ecli pull -o sigsnoop.json ghcr.io/eunomia-bpf/sigsnoop:latest',
    'ecli pull -q -o - ghcr.io/org/tool:v1 | jq .meta',
  ],
  notes: `In a folder, a file of the same name is replaced where it is a program too; with -o FILE always. What was
pulled stays in the cache as well.`,

  async run({ operands: [text = ''], flags: given }, terminal) {
    const output = given.output === undefined ? undefined : notEmpty('--output', given.output);
    const wishes = await readFetchWishes(text, given, terminal);
    const { signal } = terminal.interruption;
    const pulled = await new OciSource().pull(text, { ...wishes, signal });
    signal.throwIfAborted();
    if (output === STDOUT) {
      terminal.stdout.write(pulled.artifact.content);
      if (!given.quiet) terminal.printError(`pulled ${pinned(pulled)}\n`);
      return 0;
    }
    const saved = await saveProgram(fileOf(pulled), output);
    if (given.json) terminal.print(asJson(pulled, saved));
    else terminal.print(given.quiet ? `${printable(saved.path)}\n` : asText(pulled, saved));
    return 0;
  },
});

function fileOf({ artifact: { content, descriptor }, title, reference }: PulledProgram) {
  const name = reference.repository.split('/').at(-1) ?? reference.repository;
  return { content, mediaType: descriptor.mediaType, title, name };
}

/** The reference with the digest that it led to, which will always lead there. */
function pinned({ reference, image }: PulledProgram): string {
  return spellReference({ ...reference, digest: image.digest });
}

function asText(pulled: PulledProgram, { path, replaced }: SavedFile): string {
  return `${replaced ? 'replaced' : 'saved'} ${printable(path)}: ${pinned(pulled)}\n`;
}

function asJson(pulled: PulledProgram, { path, replaced }: SavedFile): string {
  const { mediaType, size } = pulled.artifact.descriptor;
  const { digest } = pulled.image;
  const reference = spellReference(pulled.reference);
  return `${printableJson(JSON.stringify({ path, reference, digest, mediaType, size, replaced }, null, 2))}\n`;
}
