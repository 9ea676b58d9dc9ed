/** Who must have signed. */
export type SignerDemand = KeyDemand | IdentityDemand;

/** Whoever has the other half of this public key. */
export interface KeyDemand {
  readonly kind: 'key';
  /** The path of a PEM file, or PEM itself. */
  readonly source: string;
}

/** Whoever could show an identity to a certificate authority, which the trust root names. */
export interface IdentityDemand {
  readonly kind: 'identity';
  /** The URL of who vouched for the subject: `https://token.actions.githubusercontent.com`. */
  readonly issuer: string;
  /** A mail address or a URL, whole, or an expression that it must match as a whole. */
  readonly subject: string | RegExp;
  /** The path of a file trusted_root.json: authorities and logs. */
  readonly trustRoot: string;
}

/** What one rule asks of an image. */
export type Clause = {
  /** Which rule of which file, or which flag, for people: `the rule for ghcr.io/org in /etc/ecli/policy.json`. */
  readonly origin: string;
} & (
  | { readonly type: 'reject' }
  | { readonly type: 'signed'; readonly need: 'any' | 'all'; readonly signers: readonly SignerDemand[] }
);

/** What is asked of an image by all who have a say: every clause must hold. None: anything is taken. */
export interface Requirement {
  readonly clauses: readonly Clause[];
}

/** Asks for both: neither can weaken the other. */
export function joinRequirements(...requirements: readonly Requirement[]): Requirement {
  return { clauses: requirements.flatMap(({ clauses }) => clauses) };
}

/** Asks for a signature by one of these keys, as a flag does that stands several times. */
export function requireKeys(flag: string, paths: readonly string[]): Requirement {
  if (paths.length === 0) return { clauses: [] };
  const signers = paths.map((source) => ({ kind: 'key' as const, source }));
  return { clauses: [{ origin: flag, type: 'signed', need: 'any', signers }] };
}

/** Spells whom a rule asks for. */
export function spellSigner(signer: SignerDemand): string {
  if (signer.kind === 'key') return `the key ${spellKeySource(signer.source)}`;
  const { subject, issuer } = signer;
  return `${typeof subject === 'string' ? subject : `one like ${subject.source}`} (${issuer})`;
}

/** A path as it is; PEM that stands in a policy has none. */
export function spellKeySource(source: string): string {
  return isPem(source) ? 'that stands in the policy' : source;
}

export function isPem(source: string): boolean {
  return source.trimStart().startsWith('-----BEGIN');
}
