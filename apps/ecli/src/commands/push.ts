import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { type Artifact, ArgumentError, MediaType, printable, printableJson } from '@ecli/core';
import {
  copyImage,
  type Descriptor,
  type ImageReference,
  packedSource,
  type PackedProgram,
  packProgram,
  parseReference,
  spellReference,
  spellRepository,
  tagOrDigestOf,
  transferFailure,
} from '@ecli/oci';
import { FileSource } from '@ecli/source-file';
import { defineCommand } from '../command.ts';
import type { FlagTable, FlagValues } from '../flags.ts';
import { annotationsOf, parseAnnotation } from '../program-annotations.ts';
import { openRegistryAccess, type RegistryAccess } from '../registry-access.ts';
import { registryFlagGroups, registryFlags } from '../registry-flags.ts';
import { parseProgramType } from '../run-request.ts';

const DEFAULT_FILE = 'package.json';

const flags = {
  tag: {
    short: 't',
    value: 'TAG',
    repeatable: true,
    help: 'give it this tag too, in the repository of each REF',
  },
  annotation: {
    short: 'a',
    value: 'KEY=VALUE',
    repeatable: true,
    help: 'annotate the image: source=https://…, licenses=MIT, com.example.team=net',
  },
  'program-type': {
    short: 'p',
    value: 'TYPE',
    help: "where FILE's bytes don't say what it is: json, object, tar, wasm",
  },
  json: { short: 'j', help: 'say what was pushed as JSON' },
  ...registryFlags,
} as const satisfies FlagTable;

type Given = FlagValues<typeof flags>;

/** `ecli push`: puts a program into a registry. */
export const pushCommand = defineCommand({
  description: 'Puts a program into a registry, from where ecli run, oras and others take it.',
  operands: '[FILE] REF [REF…]',
  count: { least: 1, most: Infinity },
  flags,
  groups: registryFlagGroups,
  examples: [
    'ecli push package.json ghcr.io/yourorg/mytool:v1.0',
    'ecli push -t latest -a source=https://github.com/yourorg/mytool dist ghcr.io/yourorg/mytool:v1.0',
    'ecli push opens.bpf.o localhost:5000/opens',
  ],
  notes: `FILE is a JSON package, a folder that holds one, a .bpf.o, a .wasm, a tar, or - for standard input; without it,
package.json of the current folder. The same program gives the same digest; SOURCE_DATE_EPOCH dates it.`,

  async run({ operands, flags: given }, terminal) {
    await refuseSwapped(operands);
    const { file, references } = parseOperands(operands, given);
    const access = await openRegistryAccess(given, terminal);
    const artifact = await readProgram(file, given, access.signal);
    const packed = await pack(artifact, references[0], given, access.signal);
    await pushAll(packed, references, access);
    const { descriptor } = packed.manifest;
    terminal.print(given.json ? asJson(references, descriptor) : asText(references, descriptor));
    return 0;
  },
});

interface Operands {
  readonly file: string;
  readonly references: readonly [ImageReference, ...ImageReference[]];
}

/** @throws ARGUMENT_INVALID where files stand in places of references: `package.json` would be one of Docker Hub's */
async function refuseSwapped(operands: readonly string[]): Promise<void> {
  const [first = '', ...others] = operands;
  const references = others.length > 0 ? others : [first];
  for (const text of references) {
    if ((await kindOf(text)) !== 'file') continue;
    const file = printable(text);
    throw new ArgumentError(`${file}: a file that is here, where REF must stand`, [], {
      hint:
        others.length > 0 && (await kindOf(first)) === undefined
          ? `the file comes first: ecli push ${file} ${printable(first)}`
          : `say where it goes: ecli push ${file} HOST/NAME:TAG`,
    });
  }
}

function kindOf(path: string): Promise<'file' | 'folder' | undefined> {
  return stat(path).then(
    (stats) => (stats.isDirectory() ? 'folder' : 'file'),
    () => undefined,
  );
}

/** One operand alone is a reference. */
function parseOperands(
  operands: readonly string[],
  { tag: tags, 'password-stdin': takesStdin }: Given,
): Operands {
  const [file = '', ...texts] = operands.length > 1 ? operands : [DEFAULT_FILE, ...operands];
  if (file === '-' && takesStdin) {
    throw new ArgumentError('--password-stdin: the program comes from standard input already', [], {
      hint: 'log in before: ecli login HOST',
    });
  }
  const [first, ...others] = texts.map(parseTarget);
  if (!first) throw new ArgumentError('ecli push: a reference must follow', []);
  const all = [first, ...others];
  const tagged = all.flatMap((reference) => tags.map((tag) => withTag(reference, tag)));
  return { file, references: [first, ...others, ...tagged] };
}

function parseTarget(text: string): ImageReference {
  const reference = parseReference(text);
  if (reference.digest === undefined) return reference;
  throw new ArgumentError(`${spellReference(reference)}: a digest can't be chosen`, [], {
    hint: 'give a tag; the digest follows from the program',
  });
}

function withTag({ credentials, scheme, ...reference }: ImageReference, tag: string): ImageReference {
  // Spelled and read again, so that a tag that can't be one is refused in the same words.
  const parsed = parseReference(`${spellRepository(reference)}:${tag}`);
  return { ...parsed, ...(credentials && { credentials }), ...(scheme && { scheme }) };
}

function readProgram(file: string, { 'program-type': type }: Given, signal: AbortSignal): Promise<Artifact> {
  const mediaType = type === undefined ? undefined : parseProgramType(type);
  return new FileSource().fetch(file, { signal, ...(mediaType !== undefined && { mediaType }) });
}

/** @throws what makes it no program, before anything is sent */
async function pack(
  artifact: Artifact,
  reference: ImageReference,
  { annotation }: Given,
  signal: AbortSignal,
): Promise<PackedProgram> {
  const { content, descriptor, path } = artifact;
  const { digest, mediaType } = descriptor;
  const name = nameOf(path, reference);
  const isProgram = mediaType !== MediaType.source && mediaType !== MediaType.unknown;
  const own = isProgram ? await annotationsOf(artifact, signal) : {};
  const given = Object.fromEntries(annotation.map((text) => parseAnnotation('--annotation', text)));
  const annotations = { ...own, ...given };
  return packProgram({ content, digest, mediaType, name, annotations, environment: process.env });
}

/** `opens` of `dist/opens.bpf.o`; of standard input, the repository's last word. */
function nameOf(path: string | undefined, { repository }: ImageReference): string {
  const name = basename(path ?? repository);
  return name.replace(/(?<=.)(?:\.bpf)?\.(?:json|o|tar|wasm)$/, '');
}

/** One after the other: what the first repository has, those of the same registry take over from it. */
async function pushAll(
  packed: PackedProgram,
  references: readonly ImageReference[],
  access: RegistryAccess,
): Promise<void> {
  const source = packedSource(packed);
  const { descriptor } = packed.manifest;
  const { signal, progress } = access;
  const pushed: ImageReference[] = [];
  for (const reference of references) {
    try {
      const repository = access.repositoryOf(reference);
      if (!pushed.some((each) => spellRepository(each) === spellRepository(reference))) {
        const mountFrom = pushed.find(({ registry }) => registry === reference.registry)?.repository;
        await copyImage(source, repository, descriptor, { signal, progress, mountFrom });
      }
      await repository.tag(descriptor, tagOrDigestOf(reference), signal);
    } catch (error) {
      signal.throwIfAborted();
      throw transferFailure('push', reference, error);
    }
    pushed.push(reference);
  }
}

function pinned(reference: ImageReference, { digest }: Descriptor): string {
  return spellReference({ ...reference, digest });
}

function asText(references: readonly ImageReference[], image: Descriptor): string {
  return references.map((reference) => `${printable(pinned(reference, image))}\n`).join('');
}

function asJson(references: readonly ImageReference[], { digest, mediaType, size }: Descriptor): string {
  const list = references.map((reference) => ({
    reference: spellReference(reference),
    digest,
    mediaType,
    size,
  }));
  return `${printableJson(JSON.stringify(list, null, 2))}\n`;
}
