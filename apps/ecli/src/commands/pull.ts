import { ArgumentError, printable, printableJson, withoutCredentials } from '@ecli/core';
import { spellReference } from '@ecli/oci';
import { OciSource, type ProgramDownload } from '@ecli/source-oci';
import { defineCommand } from '../command.ts';
import { notEmpty } from '../flag-values.ts';
import type { FlagTable } from '../flags.ts';
import { type ProgramFile, type SavedFile, saveProgram } from '../saved-program.ts';
import { imageFlagGroups, imageFlags, readFetchWishes } from '../source-flags.ts';
import type { Terminal } from '../terminal/terminal.ts';

const STDOUT = '-';

const flags = {
  output: {
    short: 'o',
    value: 'PATH',
    help: 'save it as this file, or in this folder (DIR/ is made); - is standard output',
  },
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
    if (given.json && output === STDOUT) {
      throw new ArgumentError('--json: standard output is where the program goes', [], {
        hint: 'save it as a file: -o FILE',
      });
    }
    refuseFile(text);
    const wishes = await readFetchWishes(text, given, terminal);
    const { signal } = terminal.interruption;
    return new OciSource().download(text, { ...wishes, signal }, async (program) => {
      if (output === STDOUT) return stream(program, given.quiet, terminal);
      const saved = await saveProgram(fileOf(program), output);
      if (given.json) terminal.print(asJson(program, saved));
      else terminal.print(given.quiet ? `${printable(saved.path)}\n` : asText(program, saved));
      return 0;
    });
  },
});

/** @throws ARGUMENT_INVALID for the URL of a file, which would be asked for as an image */
function refuseFile(text: string): void {
  if (!/^https?:\/\/[^?#]*\/[^/?#]*\.(?:json|wasm|o|tar|gz|zip|html)(?:[?#]|$)/i.test(text)) return;
  const url = printable(withoutCredentials(text));
  throw new ArgumentError(`${url}: the URL of a file, and no image in a registry`, [], {
    hint: `ecli run ${url} runs it; curl -O saves it`,
  });
}

async function stream(program: ProgramDownload, quiet: boolean, terminal: Terminal): Promise<number> {
  for await (const piece of program.open()) {
    // A piece is lent until the next one is asked for.
    terminal.stdout.write(Uint8Array.from(piece));
    await terminal.stdout.wait();
  }
  if (!quiet) terminal.printError(`pulled ${pinned(program)}\n`);
  return 0;
}

function fileOf({ reference, ...program }: ProgramDownload): ProgramFile {
  const name = reference.repository.split('/').at(-1) ?? reference.repository;
  return { ...program, name };
}

/** The reference with the digest that it led to, which will always lead there. */
function pinned({ reference, image }: ProgramDownload): string {
  return spellReference({ ...reference, digest: image.digest });
}

function asText(program: ProgramDownload, { path, replaced }: SavedFile): string {
  return `${replaced ? 'replaced' : 'saved'} ${printable(path)}: ${pinned(program)}\n`;
}

function asJson(
  { image, reference, mediaType }: ProgramDownload,
  { path, sizeBytes, replaced }: SavedFile,
): string {
  const said = {
    path,
    reference: spellReference(reference),
    digest: image.digest,
    mediaType,
    size: sizeBytes,
    replaced,
  };
  return `${printableJson(JSON.stringify(said, null, 2))}\n`;
}
