import { createHash } from 'node:crypto';
import { JsonValue } from '../json-value.ts';
import { readCertificate } from './certificate.ts';
import { flaw } from './flaw.ts';
import type { CertificateProof } from './found-signature.ts';
import { SimpleSigning } from './simple-signing.ts';

/** The bundle of before version 0.2, in which a log's promise is enough. */
const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle+json;version=0.1';

const complain = (problem: string) => flaw(`its annotations are wrong: ${problem}`);

/**
 * Makes a Sigstore bundle of the annotations that the older layout has beside a signature that was made with a
 * certificate, so that both layouts are verified by the same code; undefined where there is no certificate.
 *
 * @throws SIGNATURE_INVALID
 */
export function certificateProof(
  annotations: Readonly<Record<string, string>>,
  artifact: Uint8Array,
  signature: Uint8Array,
): CertificateProof | undefined {
  const certificate = annotations[SimpleSigning.certificate];
  if (certificate === undefined) return undefined;
  const entry = annotations[SimpleSigning.logEntry];
  const timestamp = annotations[SimpleSigning.timestamp];
  const bundle = {
    mediaType: MEDIA_TYPE,
    verificationMaterial: {
      x509CertificateChain: { certificates: [{ rawBytes: readCertificate(certificate).toString('base64') }] },
      tlogEntries: entry === undefined ? [] : [logEntry(parse(entry))],
      ...(timestamp !== undefined && {
        timestampVerificationData: {
          rfc3161Timestamps: [
            { signedTimestamp: parse(timestamp).member('SignedRFC3161Timestamp').bytes().toString('base64') },
          ],
        },
      }),
    },
    messageSignature: {
      messageDigest: {
        algorithm: 'SHA2_256',
        digest: createHash('sha256').update(artifact).digest('base64'),
      },
      signature: Buffer.from(signature).toString('base64'),
    },
  };
  return { bundle, artifact };
}

function parse(text: string): JsonValue {
  return JsonValue.parse(Buffer.from(text), complain);
}

/** https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md, "Bundle", as a bundle's TransparencyLogEntry. */
function logEntry(annotation: JsonValue): object {
  const payload = annotation.member('Payload');
  const body = payload.member('body').bytes();
  const { kind, apiVersion } = kindOf(body);
  return {
    logIndex: String(payload.member('logIndex').number()),
    logId: { keyId: Buffer.from(payload.member('logID').text(), 'hex').toString('base64') },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(payload.member('integratedTime').number()),
    inclusionPromise: {
      signedEntryTimestamp: annotation.member('SignedEntryTimestamp').bytes().toString('base64'),
    },
    canonicalizedBody: body.toString('base64'),
  };
}

function kindOf(body: Uint8Array): { kind: string; apiVersion: string } {
  const entry = JsonValue.parse(body, complain);
  return { kind: entry.member('kind').text(), apiVersion: entry.member('apiVersion').text() };
}
