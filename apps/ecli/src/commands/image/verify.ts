import { ArgumentError, printable, printableJson } from '@ecli/core';
import {
  type Descriptor,
  type ImageReference,
  parseReference,
  type ReadTarget,
  spellReference,
  spellRepository,
  tagOrDigestOf,
  transferFailure,
} from '@ecli/oci';
import {
  type IdentityDemand,
  joinRequirements,
  loadPolicy,
  loadPolicyFile,
  requireKeys,
  type Requirement,
  spellVerified,
  type Verification,
  type VerifiedSignature,
  verifyImage,
  wholeExpression,
} from '@ecli/trust';
import { defineCommand } from '../../command.ts';
import { notEmpty } from '../../flag-values.ts';
import type { FlagTable, FlagValues } from '../../flags.ts';
import { openRegistryAccess, type RegistryAccess } from '../../registry-access.ts';
import { registryFlagGroups, registryFlags } from '../../registry-flags.ts';
import { tableOf } from '../../terminal/table.ts';

const signers = {
  key: { short: 'k', value: 'FILE', repeatable: true, help: 'one of these public keys must have signed' },
  identity: {
    value: 'NAME',
    help: 'who must have signed without a key: the mail address or URL in the certificate',
  },
  'identity-regexp': {
    value: 'EXPRESSION',
    help: 'what that must match, from its first to its last character',
  },
  issuer: { value: 'URL', help: 'who vouched for the identity: https://token.actions.githubusercontent.com' },
  'trust-root': { value: 'FILE', help: 'the authorities and logs that are trusted: trusted_root.json' },
  policy: { value: 'FILE', help: 'what this policy.json asks for' },
} as const satisfies FlagTable;

const flags = {
  ...signers,
  offline: { help: 'verify what the cache has, by the signatures that it has' },
  json: { short: 'j', help: 'say who has signed as JSON' },
  ...registryFlags,
} as const satisfies FlagTable;

type Given = FlagValues<typeof flags>;

/** `ecli image verify`: says whether an image is signed, and by whom. */
export const verifyCommand = defineCommand({
  description: 'Verifies that an image is signed, and lists who has signed it.',
  operands: 'REF',
  count: { least: 1, most: 1 },
  flags,
  groups: { 'Who must have signed; by default, whom the policy asks for': signers, ...registryFlagGroups },
  examples: [
    'ecli image verify --key cosign.pub ghcr.io/yourorg/mytool:v1.0',
    'ecli image verify --policy policy.json --json ghcr.io/yourorg/mytool:v1.0',
    'ecli image verify --identity me@example.com --issuer https://accounts.google.com --trust-root trusted_root.json REF',
  ],
  notes:
    'Exit codes: 0 it is signed as asked, 1 it is not or nobody could be asked, 2 it was called wrongly.',

  async run({ operands: [text = ''], flags: given }, terminal) {
    const reference = parseReference(text);
    const requirement = await requirementOf(reference, given);
    const access = await openRegistryAccess(given, terminal);
    const verification = await verify(reference, requirement, given, access, (line) =>
      terminal.logger.log('debug', line),
    );
    terminal.print(given.json ? asJson(reference, verification) : asText(reference, verification));
    return 0;
  },
});

/** @throws ARGUMENT_INVALID where there is nobody to ask for, SETTINGS_INVALID */
async function requirementOf(reference: ImageReference, given: Given): Promise<Requirement> {
  const own = joinRequirements(
    requireKeys(
      '--key',
      given.key.map((path) => notEmpty('--key', path)),
    ),
    identityOf(given),
  );
  if (given.policy === undefined && own.clauses.length > 0) return own;
  const policy = await (given.policy === undefined
    ? loadPolicy(process.env)
    : loadPolicyFile(notEmpty('--policy', given.policy)));
  const requirement = joinRequirements(policy.requirementFor(reference), own);
  if (requirement.clauses.length > 0) return requirement;
  const spelled = spellRepository(reference);
  throw new ArgumentError(`${printable(spelled)}: no policy asks for a signature, so anything would do`, [], {
    hint: 'say who must have signed: --key FILE, or --identity NAME --issuer URL --trust-root FILE',
  });
}

function identityOf(given: Given): Requirement {
  const { identity, 'identity-regexp': expression, issuer, 'trust-root': trustRoot } = given;
  const all = [identity ?? expression, issuer, trustRoot];
  if (all.every((flag) => flag === undefined)) return { clauses: [] };
  if (identity !== undefined && expression !== undefined) {
    throw new ArgumentError('--identity-regexp: an identity is given already', []);
  }
  const [subject, url, root] = all;
  if (subject === undefined || url === undefined || root === undefined) {
    throw new ArgumentError('--identity, --issuer and --trust-root: each needs the others', [], {
      hint: 'a name says nothing without who vouches for it, and by which authority',
    });
  }
  const signer: IdentityDemand = {
    kind: 'identity',
    issuer: notEmpty('--issuer', url),
    subject: identity === undefined ? parseExpression(subject) : notEmpty('--identity', subject),
    trustRoot: notEmpty('--trust-root', root),
  };
  const origin = identity === undefined ? '--identity-regexp' : '--identity';
  return { clauses: [{ origin, type: 'signed', need: 'any', signers: [signer] }] };
}

function parseExpression(source: string): RegExp {
  try {
    return wholeExpression(notEmpty('--identity-regexp', source));
  } catch (cause) {
    if (cause instanceof ArgumentError) throw cause;
    throw new ArgumentError(`--identity-regexp ${printable(source)}: no regular expression`, [], { cause });
  }
}

async function verify(
  reference: ImageReference,
  requirement: Requirement,
  { offline }: Given,
  access: RegistryAccess,
  diagnose: (line: string) => void,
): Promise<Verification> {
  const { signal } = access;
  try {
    const target: ReadTarget = offline
      ? (await access.cache()).repository(spellRepository(reference))
      : access.repositoryOf(reference);
    const image: Descriptor = await target.resolve(tagOrDigestOf(reference), signal);
    const name = spellReference({ ...reference, digest: image.digest });
    return await verifyImage(image, requirement, { target, name, all: true, signal, diagnose });
  } catch (error) {
    signal.throwIfAborted();
    throw offline ? error : transferFailure('pull', reference, error);
  }
}

function asText(reference: ImageReference, { digest, signatures }: Verification): string {
  const rows = signatures.map(({ signer, layout, reference: signedAs = '', annotations }) => [
    spellVerified(signer),
    layout,
    signedAs,
    Object.entries(annotations)
      .map(([key, value]) => `${key}=${value}`)
      .join(' '),
  ]);
  const heading = `${printable(spellReference({ ...reference, digest }))} is signed\n`;
  return `${heading}\n${tableOf(['SIGNED BY', 'FOUND IN', 'SIGNED AS', 'ANNOTATIONS'], rows)}`;
}

function asJson(reference: ImageReference, { digest, signatures }: Verification): string {
  const document = {
    reference: spellReference(reference),
    digest,
    signatures: signatures.map(jsonOf),
  };
  return `${printableJson(JSON.stringify(document, null, 2))}\n`;
}

function jsonOf({ signer, layout, holder, reference, annotations }: VerifiedSignature): object {
  return { signer, layout, digest: holder.digest, signedAs: reference, annotations };
}
