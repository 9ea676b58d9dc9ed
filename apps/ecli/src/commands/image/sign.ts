import { readFile } from 'node:fs/promises';
import { ArgumentError, EcliError, printable, printableJson, systemReason } from '@ecli/core';
import {
  type Descriptor,
  type ImageReference,
  parseReference,
  spellReference,
  spellRepository,
  tagOrDigestOf,
  transferFailure,
} from '@ecli/oci';
import { type MadeSignature, PrivateKey, type SignatureLayout, signImage } from '@ecli/trust';
import { defineCommand } from '../../command.ts';
import { notEmpty, parseWord } from '../../flag-values.ts';
import type { FlagTable, FlagValues } from '../../flags.ts';
import { openRegistryAccess, type RegistryAccess } from '../../registry-access.ts';
import { registryFlagGroups, registryFlags } from '../../registry-flags.ts';
import { Prompt } from '../../terminal/prompt.ts';
import type { Terminal } from '../../terminal/terminal.ts';

const flags = {
  key: {
    short: 'k',
    value: 'FILE',
    help: 'the private key: PEM, or the cosign.key of cosign generate-key-pair',
  },
  annotation: { short: 'a', value: 'KEY=VALUE', repeatable: true, help: 'say this too, in what is signed' },
  format: { value: 'FORMAT', help: 'bundle, as cosign 3 has it; tag, as all before; or both, the default' },
  json: { short: 'j', help: 'say where the signatures are as JSON' },
  ...registryFlags,
} as const satisfies FlagTable;

type Given = FlagValues<typeof flags>;

const FORMATS: Readonly<Record<'both' | SignatureLayout, readonly SignatureLayout[]>> = {
  both: ['tag', 'bundle'],
  tag: ['tag'],
  bundle: ['bundle'],
};

/** `ecli image sign`: signs an image in its registry as cosign does. */
export const signCommand = defineCommand({
  description:
    'Signs an image with a private key and stores the signature beside it, where cosign finds it too.',
  operands: 'REF',
  count: { least: 1, most: 1 },
  flags,
  groups: registryFlagGroups,
  examples: [
    'ecli image sign --key cosign.key ghcr.io/yourorg/mytool:v1.0',
    'ecli image sign --key ecli.key -a commit=3f2a… ghcr.io/yourorg/mytool@sha256:…',
  ],
  notes: `A key is made by cosign generate-key-pair, or by
  openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ecli.key
  openssl pkey -in ecli.key -pubout -out ecli.pub
The passphrase of an encrypted one is asked for, or taken from $COSIGN_PASSWORD.`,

  async run({ operands: [text = ''], flags: given }, terminal) {
    const reference = parseReference(text);
    const annotations = parseAnnotations(given.annotation);
    const layouts =
      FORMATS[parseWord('--format', given.format ?? 'both', ['both', 'tag', 'bundle'], 'format')];
    const access = await openRegistryAccess(given, terminal);
    const key = await readKey(given, terminal);
    const image = await resolve(reference, access);
    const made = await sign(reference, image, access, (target) =>
      signImage(image, key, {
        target,
        repository: spellRepository(reference),
        annotations,
        layouts,
        signal: access.signal,
      }),
    );
    terminal.print(given.json ? asJson(reference, image, made) : asText(reference, image, made));
    return 0;
  },
});

/** @throws ARGUMENT_INVALID */
function parseAnnotations(texts: readonly string[]): Readonly<Record<string, string>> {
  const entries = texts.map((text) => {
    const { key, value } = /^(?<key>[^=\s]+)=(?<value>.*)$/s.exec(text)?.groups ?? {};
    if (key !== undefined && value !== undefined) return [key, value] as const;
    throw new ArgumentError(`--annotation ${printable(text)}: not a key and its value`, [], {
      hint: 'such as --annotation commit=3f2a',
    });
  });
  return Object.fromEntries(entries);
}

/** @throws ARGUMENT_INVALID, SETTINGS_INVALID */
async function readKey({ key: path }: Given, terminal: Terminal): Promise<PrivateKey> {
  if (path === undefined) {
    throw new ArgumentError('--key: which key signs must be said', [], {
      hint: 'ecli image sign --help says how to make one',
    });
  }
  const pem = await readFile(notEmpty('--key', path), 'utf8').catch((cause: unknown) => {
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const reason = isMissing ? 'no such file' : `can't be read: ${systemReason(cause)}`;
    throw new EcliError('SETTINGS_INVALID', `${printable(path)}: ${reason}`, { cause });
  });
  return PrivateKey.parse(pem, path, () => askPassphrase(path, terminal));
}

async function askPassphrase(path: string, terminal: Terminal): Promise<string> {
  // An empty one is one: cosign encrypts by it where nothing is typed.
  const given = process.env['COSIGN_PASSWORD'];
  if (given !== undefined) return given;
  const prompt = new Prompt(terminal.interruption.signal);
  if (prompt.isPossible) return prompt.askSecretly(`Passphrase of ${printable(path)}: `);
  throw new ArgumentError(
    `${printable(path)}: encrypted, and there is no terminal to ask for its passphrase`,
    [],
    {
      hint: 'put it into the environment as COSIGN_PASSWORD',
    },
  );
}

type Repository = ReturnType<RegistryAccess['repositoryOf']>;

/** What a tag names may change any moment; what was found here is what is signed. */
async function resolve(reference: ImageReference, access: RegistryAccess): Promise<Descriptor> {
  try {
    return await access.repositoryOf(reference).resolve(tagOrDigestOf(reference), access.signal);
  } catch (error) {
    access.signal.throwIfAborted();
    throw transferFailure('pull', reference, error);
  }
}

async function sign<Result>(
  reference: ImageReference,
  { digest }: Descriptor,
  access: RegistryAccess,
  put: (repository: Repository) => Promise<Result>,
): Promise<Result> {
  try {
    return await put(access.repositoryOf(reference));
  } catch (error) {
    access.signal.throwIfAborted();
    const denied = error instanceof EcliError && error.code === 'REGISTRY_DENIED';
    const hint = denied ? `log in with the right to push: ecli login ${reference.registry}` : undefined;
    throw transferFailure('push', { ...reference, digest }, error, hint);
  }
}

function asText(reference: ImageReference, image: Descriptor, made: readonly MadeSignature[]): string {
  const lines = made.map((signature) => {
    const isOld = signature.isNew ? '' : ' (was there before)';
    return `  ${signature.layout.padEnd(6)}  ${spellPlace(reference, signature)}${isOld}\n`;
  });
  return [`signed ${spellReference({ ...reference, digest: image.digest })}\n`, ...lines]
    .map(printableLine)
    .join('');
}

function printableLine(line: string): string {
  return `${printable(line.slice(0, -1))}\n`;
}

function spellPlace(reference: ImageReference, { tag, holder }: MadeSignature): string {
  const repository = spellRepository(reference);
  return tag === undefined ? `${repository}@${holder.digest}` : `${repository}:${tag}`;
}

function asJson(reference: ImageReference, { digest }: Descriptor, made: readonly MadeSignature[]): string {
  const signatures = made.map((signature) => ({
    layout: signature.layout,
    reference: spellPlace(reference, signature),
    digest: signature.holder.digest,
    isNew: signature.isNew,
  }));
  const document = { reference: spellReference(reference), digest, signatures };
  return `${printableJson(JSON.stringify(document, null, 2))}\n`;
}
