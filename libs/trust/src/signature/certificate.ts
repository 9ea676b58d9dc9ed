import { X509Certificate } from 'node:crypto';
import { flaw } from './flaw.ts';

/**
 * Reads PEM or DER, and returns the DER. OpenSSL is stricter in this than Sigstore's classes, which look at the parts
 * that they need and no further.
 *
 * @throws SIGNATURE_INVALID
 */
export function readCertificate(certificate: string | Uint8Array): Buffer {
  try {
    return new X509Certificate(certificate).raw;
  } catch (cause) {
    throw flaw("a certificate that can't be read", cause);
  }
}
