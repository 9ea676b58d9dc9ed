import { EcliError, printable } from '@ecli/core';
import { flaw } from '../signature/flaw.ts';
import type { CertificateProof } from '../signature/found-signature.ts';
import { JsonValue } from '../json-value.ts';
import { readSettings } from '../read-settings.ts';

/** Who a certificate says has signed. */
export interface Identity {
  readonly issuer: string;
  readonly subject: string;
}

const WHAT_IT_IS =
  'a trust root is the file trusted_root.json that cosign trusted-root create, or gh attestation trusted-root, writes';

/** Authorities and logs that are trusted, from a file trusted_root.json; nothing is asked of a network. */
export class TrustRoot {
  private constructor(private readonly identify: (proof: CertificateProof) => Identity) {}

  /** @throws SETTINGS_INVALID for a file that isn't a trust root, or from which nothing could be verified */
  static async load(path: string): Promise<TrustRoot> {
    const content = await readSettings(path, WHAT_IT_IS);
    // Its classes are needed by few, and take 30 ms to load.
    const sigstore = await import('./sigstore.ts');
    const json = JsonValue.parse(content, (problem) => unusable(path, problem));
    const root = parseOr(
      () => sigstore.TrustedRoot.fromJSON(json.value),
      (cause) => unusable(path, 'not a trust root', cause),
    );
    const { certificateAuthorities, tlogs, ctlogs, timestampAuthorities } = root;
    if (certificateAuthorities.length === 0) throw unusable(path, 'names no certificateAuthorities');
    if (tlogs.length === 0 && timestampAuthorities.length === 0) {
      throw unusable(path, 'names neither tlogs nor timestampAuthorities, so that nobody could say when');
    }
    const material = parseOr(
      () => sigstore.toTrustMaterial(root),
      (cause) => unusable(path, 'an authority or log in it has no certificate or key', cause),
    );
    // Where it names logs, all must be in one. Certificates are good for minutes: somebody must say when, always.
    const verifier = new sigstore.Verifier(material, {
      tlogThreshold: Math.min(tlogs.length, 1),
      ctlogThreshold: Math.min(ctlogs.length, 1),
      timestampThreshold: 1,
    });
    return new TrustRoot(({ bundle, artifact }) => {
      const parsed = sigstore.bundleFromJSON(bundle);
      const entity = sigstore.toSignedEntity(parsed, artifact && Buffer.from(artifact));
      const { identity } = verifier.verify(entity);
      return { issuer: identity?.extensions?.issuer ?? '', subject: identity?.subjectAlternativeName ?? '' };
    });
  }

  /**
   * Verifies signature, certificate, and what the logs say of both. @throws SIGNATURE_INVALID
   */
  verify(proof: CertificateProof): Identity {
    // Its classes fail in many ways over what a hostile registry can serve, and each is a no.
    return parseOr(
      () => this.identify(proof),
      (cause) => flaw(`its certificate doesn't count: ${messageOf(cause)}`, cause),
    );
  }
}

function parseOr<Result>(parse: () => Result, failed: (cause: unknown) => EcliError): Result {
  try {
    return parse();
  } catch (cause) {
    throw failed(cause);
  }
}

function messageOf(cause: unknown): string {
  return printable(cause instanceof Error ? cause.message : String(cause));
}

function unusable(path: string, problem: string, cause?: unknown): EcliError {
  return new EcliError('SETTINGS_INVALID', `${printable(path)}: ${problem}`, { cause, hint: WHAT_IT_IS });
}
