/**
 * Turns an image and the user's policy into a yes or a reasoned no: who signed which digest, and who has to.
 *
 *     policy.json ──▶ Policy ──▶ Requirement ─┐
 *                                             ├─ verifyImage ──▶ Verification | TRUST_REFUSED
 *     image ──▶ findSignatures ───────────────┘
 *
 * Read requirement.ts (what can be asked for) and signature/found-signature.ts (what is found) first, then
 * verify-image.ts, which holds one against the other. keyless/ is loaded when a certificate is first met.
 */
export { type AskPassphrase, PrivateKey } from './keys/private-key.ts';
export { loadPolicy, loadPolicyFile, type PolicyPlaces } from './policy/load-policy.ts';
export { wholeExpression } from './policy/parse-policy.ts';
export { Policy, type PolicyFile, type Rule, type ScopedRule } from './policy/policy.ts';
export {
  type Clause,
  type IdentityDemand,
  joinRequirements,
  type KeyDemand,
  type Requirement,
  requireKeys,
  type SignerDemand,
} from './requirement.ts';
export { SignatureLimit, type SignaturePlace } from './signature/find-signatures.ts';
export type { Claim, FlawedSignature, FoundSignature, SignatureLayout } from './signature/found-signature.ts';
export { type MadeSignature, signImage, type SignOptions } from './sign-image.ts';
export type { VerifiedSigner } from './signer.ts';
export {
  refuseRejected,
  spellVerified,
  type Verification,
  type VerifiedSignature,
  verifyImage,
  type VerifyOptions,
} from './verify-image.ts';
