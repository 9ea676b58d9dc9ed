import { JsonValue } from '../json-value.ts';
import type { PrivateKey } from '../keys/private-key.ts';
import { readCertificate } from './certificate.ts';
import { IN_TOTO_PAYLOAD, preAuthEncoding } from './envelope.ts';
import { flaw } from './flaw.ts';
import type { FoundSignature } from './found-signature.ts';
import { parseStatement, type Statement } from './statement.ts';

/**
 * The newer of cosign's layouts: a statement about the image in an envelope, and all that verifying it takes.
 * https://github.com/sigstore/protobuf-specs/blob/v0.5.0/protos/sigstore_bundle.proto
 */
export const Bundle = {
  mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
  content: 'dev.sigstore.bundle.content',
  predicateType: 'dev.sigstore.bundle.predicateType',
} as const;

export type ParsedBundle = Omit<Statement, 'claim'> &
  Pick<FoundSignature, 'claim' | 'signed' | 'signature' | 'keyHint' | 'certificate'>;

/** Reads a bundle. @throws SIGNATURE_INVALID */
export function parseBundle(content: Uint8Array): ParsedBundle {
  const root = JsonValue.parse(content, (problem) => flaw(`its bundle is wrong: ${problem}`));
  root.member('mediaType').word([Bundle.mediaType]);
  const envelope = root.member('dsseEnvelope');
  // Sigstore's verifier would verify the message, and leave the envelope alone.
  if (root.optional('messageSignature')) throw root.wrong('an envelope and a message in one');
  envelope.member('payloadType').word([IN_TOTO_PAYLOAD]);
  const payload = envelope.member('payload').bytes();
  const [signature, ...others] = envelope.member('signatures').items();
  // The specification of bundles allows for one, and who would the others be?
  if (!signature || others.length > 0)
    throw envelope.wrong(`${others.length + (signature ? 1 : 0)} signatures`);
  return {
    ...parseStatement(payload),
    ...proofOf(root),
    signed: preAuthEncoding(IN_TOTO_PAYLOAD, payload),
    signature: signature.member('sig').bytes(),
  };
}

function proofOf(root: JsonValue): Pick<FoundSignature, 'keyHint' | 'certificate'> {
  const material = root.member('verificationMaterial');
  const key = material.optional('publicKey');
  const certificate = material.optional('certificate');
  // What comes with a chain is of an older version; Sigstore's verifier would take the chain's.
  if (material.optional('x509CertificateChain')) throw material.wrong(NOT_ALONE);
  if (key && !certificate) return { keyHint: key.optional('hint')?.text() };
  if (certificate && !key) {
    const der = certificate.member('rawBytes').bytes();
    if (!readCertificate(der).equals(der)) throw certificate.wrong('more than a certificate');
    for (const entry of material.optional('tlogEntries')?.items(MOST_ENTRIES) ?? []) checkLogNames(entry);
    return { certificate: { bundle: root.value as object } };
  }
  throw material.wrong(NOT_ALONE);
}

const NOT_ALONE = 'neither publicKey nor certificate alone';

/** One log is what signers use; each costs the work of a signature or two. */
const MOST_ENTRIES = 10;

/** https://github.com/transparency-dev/formats/blob/main/log/README.md: who has signed, a line each. */
const LOG_NAME = /\u2014 (\S+) /g;

/** Sigstore's verifier takes these names for regular expressions, and some of those don't end. */
function checkLogNames(entry: JsonValue): void {
  const envelope =
    entry.optional('inclusionProof')?.optional('checkpoint')?.optional('envelope')?.text() ?? '';
  for (const [, name = ''] of envelope.matchAll(LOG_NAME)) {
    if (!/^[\w./:-]+$/.test(name)) throw entry.wrong(`there can't be a log of that name: ${name}`);
  }
}

/** Signs a statement; what comes out is what `cosign sign --key` stores. */
export function makeBundle(payload: Uint8Array, key: PrivateKey): Buffer {
  const signature = key.sign(preAuthEncoding(IN_TOTO_PAYLOAD, payload));
  return Buffer.from(
    JSON.stringify({
      mediaType: Bundle.mediaType,
      verificationMaterial: { publicKey: { hint: key.publicKey.hint } },
      dsseEnvelope: {
        payload: Buffer.from(payload).toString('base64'),
        payloadType: IN_TOTO_PAYLOAD,
        signatures: [{ sig: signature.toString('base64') }],
      },
    }),
  );
}
