import { printable } from '@ecli/core';
import { type Identity, TrustRoot } from './keyless/trust-root.ts';
import { PublicKey } from './keys/public-key.ts';
import { readSettings } from './read-settings.ts';
import { type IdentityDemand, isPem, type SignerDemand, spellKeySource } from './requirement.ts';
import { reasonOf } from './signature/flaw.ts';
import type { FoundSignature } from './signature/found-signature.ts';

/** Who has signed, once that is certain. */
export type VerifiedSigner =
  | { readonly kind: 'key'; readonly name: string; readonly algorithm: string; readonly fingerprint: string }
  | ({ readonly kind: 'identity' } & Identity);

/** Tells whether one who was asked for has made a signature; else what is known of who did. */
export type CheckSigner = (
  found: FoundSignature,
) => VerifiedSigner | { readonly instead: string | undefined };

/** Keys and trust roots, each read once. */
export class SignerLoader {
  private readonly roots = new Map<string, Promise<TrustRoot>>();

  /** @throws SETTINGS_INVALID for a file that can't be read or used */
  async load(demand: SignerDemand): Promise<CheckSigner> {
    if (demand.kind === 'key') return byKey(await readPublicKey(demand.source));
    const root = this.roots.get(demand.trustRoot) ?? TrustRoot.load(demand.trustRoot);
    this.roots.set(demand.trustRoot, root);
    return byIdentity(demand, await root);
  }
}

/** Reads a key from PEM or from a file of it. @throws SETTINGS_INVALID */
async function readPublicKey(source: string): Promise<PublicKey> {
  if (isPem(source)) return PublicKey.parse(source, 'the key ' + spellKeySource(source));
  const pem = await readSettings(source, 'keys are given as PEM files of public keys');
  return PublicKey.parse(pem.toString(), source);
}

function byKey(key: PublicKey): CheckSigner {
  return ({ signed, signature, certificate }) => {
    if (key.verify(signed, signature)) {
      return { kind: 'key', name: key.name, algorithm: key.kind, fingerprint: key.hint };
    }
    return { instead: certificate ? undefined : 'by another key, or altered since' };
  };
}

function byIdentity({ issuer, subject }: IdentityDemand, root: TrustRoot): CheckSigner {
  return ({ certificate }) => {
    if (!certificate) return { instead: undefined };
    let identity: Identity;
    try {
      identity = root.verify(certificate);
    } catch (error) {
      return { instead: reasonOf(error) };
    }
    const isSubject =
      typeof subject === 'string' ? identity.subject === subject : subject.test(identity.subject);
    if (isSubject && identity.issuer === issuer) return { kind: 'identity', ...identity };
    return { instead: `by ${printable(identity.subject)} (${printable(identity.issuer)})` };
  };
}
