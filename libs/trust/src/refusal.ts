import { EcliError, printable } from '@ecli/core';
import type { Descriptor } from '@ecli/oci';
import { type Clause, spellSigner } from './requirement.ts';
import type { SignatureLayout } from './signature/found-signature.ts';

/** Why a signature that was found doesn't count. */
export interface Remark {
  readonly layout: SignatureLayout;
  readonly holder: string;
  readonly reason: string;
}

/** Of many, the first say enough. */
const MOST_SHOWN = 5;

/** Makes the error of an image that a rule takes from nobody. */
export function rejected(name: string, { origin }: Clause): EcliError {
  return new EcliError(
    'TRUST_REFUSED',
    `${printable(name)}: refused by ${printable(origin)}: it rejects all`,
    {
      hint: 'ask whoever wrote the policy, or take the program from elsewhere',
    },
  );
}

/** Makes the error of an image that isn't signed as `clause` asks. */
export function unsigned(
  name: string,
  { digest }: Descriptor,
  clause: Extract<Clause, { type: 'signed' }>,
  remarks: readonly Remark[],
): EcliError {
  const why =
    remarks.length === 0
      ? 'there is no signature of it'
      : `no signature of it counts (${remarks.length} found)`;
  return new EcliError(
    'TRUST_REFUSED',
    `${printable(name)}: refused by ${printable(clause.origin)}: ${why}`,
    {
      hint: [
        ...spellFound(remarks),
        `it must be signed by ${spellSigners(clause)}`,
        ...howToSign(name, digest, clause),
      ].join('\n'),
    },
  );
}

function spellFound(remarks: readonly Remark[]): string[] {
  const lines = remarks.slice(0, MOST_SHOWN).map(({ layout, holder, reason }) => {
    const kind = layout === 'tag' ? 'signature' : 'bundle';
    return `found: a ${kind} (in ${holder.slice(0, 'sha256:'.length + 12)}), ${printable(reason)}`;
  });
  const more = remarks.length - MOST_SHOWN;
  return more > 0 ? [...lines, `found: ${more} more`] : lines;
}

function spellSigners({ signers, need }: Extract<Clause, { type: 'signed' }>): string {
  const names = signers.map((signer) => printable(spellSigner(signer)));
  if (names.length === 1) return names.join('');
  return `${need === 'all' ? 'all' : 'any'} of ${names.join(', ')}`;
}

function howToSign(name: string, digest: string, { signers }: Extract<Clause, { type: 'signed' }>): string[] {
  const repository = name.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const command = `${repository}@${digest}`;
  const hasKey = signers.some(({ kind }) => kind === 'key');
  return [
    hasKey
      ? `whoever has the private key signs it so: ecli image sign --key KEY ${printable(command)}`
      : `whoever that is signs it so: cosign sign ${printable(command)}`,
  ];
}
