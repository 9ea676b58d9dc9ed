import { printable } from '@ecli/core';
import type { Descriptor } from '@ecli/oci';
import { rejected, type Remark, unsigned } from './refusal.ts';
import type { Clause, Requirement } from './requirement.ts';
import { findSignatures, type SignaturePlace } from './signature/find-signatures.ts';
import type { FlawedSignature, FoundSignature, SignatureLayout } from './signature/found-signature.ts';
import { type CheckSigner, SignerLoader, type VerifiedSigner } from './signer.ts';

export interface VerifyOptions extends SignaturePlace {
  /** The image, for messages: a reference without credentials. */
  readonly name: string;
  /** Looks at all signatures, and not only until what is required is there. */
  readonly all?: boolean;
  /** Takes one line about each signature that doesn't count. */
  readonly diagnose?: ((line: string) => void) | undefined;
}

/** A signature by one who was asked for, of this very image. */
export interface VerifiedSignature {
  readonly layout: SignatureLayout;
  readonly signer: VerifiedSigner;
  /** The manifest that holds it: copied along, the image can be verified without its registry. */
  readonly holder: Descriptor;
  /** The name under which the signer saw the image, which may be another than yours. */
  readonly reference?: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Verification {
  /** What was verified, and alone may run. */
  readonly digest: string;
  readonly signatures: readonly VerifiedSignature[];
}

type SignedClause = Extract<Clause, { type: 'signed' }>;

/** Refuses what is rejected whoever may have signed it; no network is needed for that. @throws TRUST_REFUSED */
export function refuseRejected({ clauses }: Requirement, name: string): void {
  for (const clause of clauses) if (clause.type === 'reject') throw rejected(name, clause);
}

/**
 * Verifies that an image, named by its digest, is what all clauses of `requirement` ask for. A signature counts
 * when one who is asked for has made it over exactly the bytes that are there, and those name this very digest.
 *
 * @throws TRUST_REFUSED saying which rule refuses, what would satisfy it, and what was found instead;
 * SETTINGS_INVALID for a key or trust root that can't be used
 */
export async function verifyImage(
  image: Descriptor,
  requirement: Requirement,
  options: VerifyOptions,
): Promise<Verification> {
  refuseRejected(requirement, options.name);
  const clauses = requirement.clauses.filter((clause) => clause.type === 'signed');
  if (clauses.length === 0) return { digest: image.digest, signatures: [] };
  const tally = await Tally.of(clauses, image);
  for await (const found of findSignatures(image, options)) {
    const remark = tally.take(found);
    if (remark !== undefined) options.diagnose?.(`${options.name}: ${remark}`);
    if (tally.isEnough && options.all !== true) break;
  }
  const open = tally.firstOpen;
  if (open) throw unsigned(options.name, image, open, tally.remarks);
  return { digest: image.digest, signatures: tally.signatures };
}

/** One who is asked for, by one clause or by several. */
interface Ballot {
  readonly clause: SignedClause;
  readonly checks: readonly CheckSigner[];
  /** Which of `checks` have come true. */
  readonly met: Set<CheckSigner>;
}

/** What has been found so far, and what of it counts. */
class Tally {
  readonly signatures: VerifiedSignature[] = [];
  readonly remarks: Remark[] = [];

  private constructor(
    private readonly ballots: readonly Ballot[],
    private readonly image: Descriptor,
  ) {}

  static async of(clauses: readonly SignedClause[], image: Descriptor): Promise<Tally> {
    const loader = new SignerLoader();
    const ballots = clauses.map(async (clause) => ({
      clause,
      checks: await Promise.all(clause.signers.map((signer) => loader.load(signer))),
      met: new Set<CheckSigner>(),
    }));
    return new Tally(await Promise.all(ballots), image);
  }

  /** The first clause that nothing found so far satisfies. */
  get firstOpen(): SignedClause | undefined {
    return this.ballots.find((ballot) => !isMet(ballot))?.clause;
  }

  get isEnough(): boolean {
    return this.ballots.every(isMet);
  }

  /** Counts a signature, or returns why it counts for nothing. */
  take(found: FoundSignature | FlawedSignature): string | undefined {
    const reason = 'flaw' in found ? found.flaw : this.count(found);
    if (reason === undefined) return undefined;
    const { layout, holder } = found;
    this.remarks.push({ layout, holder: holder.digest, reason });
    return reason;
  }

  private count(found: FoundSignature): string | undefined {
    const isForThis = found.claim.digests.includes(this.image.digest);
    const signers: VerifiedSigner[] = [];
    const others = new Set<string>();
    for (const { checks, met } of this.ballots) {
      for (const check of checks) {
        const outcome = check(found);
        if ('instead' in outcome) others.add(outcome.instead ?? '');
        else {
          signers.push(outcome);
          if (isForThis) met.add(check);
        }
      }
    }
    const [signer] = signers;
    if (!isForThis) return ofAnother(found, signer);
    if (!signer) return [...others].filter(Boolean).join('; ') || noneAsked(found);
    this.keep(found, signers);
    return undefined;
  }

  private keep({ layout, holder, claim }: FoundSignature, signers: readonly VerifiedSigner[]): void {
    const { reference, annotations } = claim;
    const unique = new Map(signers.map((signer) => [JSON.stringify(signer), signer]));
    for (const signer of unique.values())
      this.signatures.push({ layout, signer, holder, reference, annotations });
  }
}

function isMet({ clause, checks, met }: Ballot): boolean {
  return clause.need === 'all' ? met.size === checks.length : met.size > 0;
}

/** A signature that is good, and was made for another image, may have been moved here by someone who can't sign. */
function ofAnother({ claim }: FoundSignature, signer: VerifiedSigner | undefined): string {
  const by = signer ? ` (it is a good one by ${spellVerified(signer)})` : '';
  const other = claim.digests[0];
  return `of another image, ${other === undefined ? 'which it does not name' : printable(other)}${by}`;
}

function noneAsked({ certificate }: FoundSignature): string {
  return certificate
    ? 'made with a certificate, where a key is asked for'
    : 'made by a key, where an identity is asked for';
}

/** Spells who has signed. */
export function spellVerified(signer: VerifiedSigner): string {
  return signer.kind === 'key'
    ? `the key ${printable(signer.name)}`
    : `${printable(signer.subject)} (${printable(signer.issuer)})`;
}
