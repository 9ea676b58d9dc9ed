import type { Descriptor } from '@ecli/oci';

/** Where signatures stand: under a tag made of the image's digest, or in bundles that refer to the image. */
export type SignatureLayout = 'tag' | 'bundle';

/** What a signature says, true once it is verified. */
export interface Claim {
  /** The images that it is for. */
  readonly digests: readonly string[];
  /** The name under which the image was signed. */
  readonly reference?: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** One signature as it was found. Nothing of it is trusted. */
export interface FoundSignature {
  readonly layout: SignatureLayout;
  /** The manifest that holds it. */
  readonly holder: Descriptor;
  readonly claim: Claim;
  /** The exact bytes that are signed. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
  /** The hint at the key that a bundle gives. */
  readonly keyHint?: string | undefined;
  /** Present where it was made with a certificate instead of a key. */
  readonly certificate?: CertificateProof | undefined;
}

/** A Sigstore bundle as JSON, and the bytes that it signs where they aren't in it. */
export interface CertificateProof {
  readonly bundle: object;
  readonly artifact?: Uint8Array;
}

/** What was found instead of a signature. */
export interface FlawedSignature {
  readonly layout: SignatureLayout;
  readonly holder: Pick<Descriptor, 'digest'>;
  readonly flaw: string;
}
