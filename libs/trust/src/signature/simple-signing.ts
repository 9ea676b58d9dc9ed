import { JsonValue } from '../json-value.ts';
import { flaw } from './flaw.ts';
import type { Claim } from './found-signature.ts';

/**
 * The older of cosign's layouts: what is signed is a JSON document beside the image, under a tag made of its digest.
 * https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
 */
export const SimpleSigning = {
  mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
  signature: 'dev.cosignproject.cosign/signature',
  certificate: 'dev.sigstore.cosign/certificate',
  chain: 'dev.sigstore.cosign/chain',
  logEntry: 'dev.sigstore.cosign/bundle',
  timestamp: 'dev.sigstore.cosign/rfc3161timestamp',
} as const;

const TYPE = 'cosign container image signature';

/** Reads what is signed. @throws SIGNATURE_INVALID */
export function parseSimplePayload(payload: Uint8Array): Claim {
  const root = JsonValue.parse(payload, (problem) => flaw(`its payload is wrong: ${problem}`));
  const critical = root.member('critical');
  critical.member('type').word([TYPE]);
  return {
    digests: [critical.member('image').member('docker-manifest-digest').text()],
    reference: critical.member('identity').optional('docker-reference')?.text(),
    annotations: root.optional('optional')?.texts() ?? {},
  };
}

/** Writes what is to be signed, as cosign spells it. */
export function simplePayload(
  digest: string,
  reference: string,
  annotations: Readonly<Record<string, string>>,
): Buffer {
  const document = {
    critical: {
      identity: { 'docker-reference': reference },
      image: { 'docker-manifest-digest': digest },
      type: TYPE,
    },
    optional: Object.keys(annotations).length === 0 ? null : annotations,
  };
  return Buffer.from(JSON.stringify(document));
}
