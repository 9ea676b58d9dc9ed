import type { PeerCertificate } from 'node:tls';
import { printable } from '@ecli/core';
import { NetworkError } from './network-error.ts';
import { hasCode } from './retry.ts';
import { spellHost } from './spell-url.ts';

type TlsReason = NodeJS.ErrnoException & { readonly cert?: PeerCertificate };

/** OpenSSL's names (X509_verify_cert_error_string(3)) for a chain that ends in nobody who is trusted. */
const UNKNOWN_AUTHORITY: readonly string[] = [
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'CERT_UNTRUSTED',
];

const CERTIFICATE_FAILURES: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  CERT_SIGNATURE_FAILURE: 'the signature of its certificate is wrong',
  INVALID_CA: 'its certificate was issued by one that may not issue certificates',
  INVALID_PURPOSE: 'its certificate is not for servers',
  CERT_REJECTED: 'its certificate is not for servers',
};

/** Whether nobody vouches for the server's certificate. */
export function isUnknownAuthority(error: unknown): boolean {
  return hasCode(error, UNKNOWN_AUTHORITY);
}

export function isCertificateFailure(reason: NodeJS.ErrnoException): boolean {
  const code = reason.code ?? '';
  return UNKNOWN_AUTHORITY.includes(code) || code in CERTIFICATE_FAILURES;
}

/** Puts a failed handshake with the server of `url` into words. */
export function tlsFailure(reason: TlsReason, url: URL): NetworkError {
  const code = reason.code ?? '';
  const fail = (what: string, hint?: string): NetworkError =>
    new NetworkError('TLS', `${spellHost(url)}: ${what}`, {
      ...(hint === undefined ? {} : { hint }),
      cause: reason,
    });
  if (UNKNOWN_AUTHORITY.includes(code)) return fail(describeAuthority(code), AUTHORITY_HINT);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return fail(describeNames(reason, url), NAMES_HINT);
  const description = CERTIFICATE_FAILURES[code];
  if (description !== undefined) return fail(description, hintOf(code));
  if (isNotTls(reason)) {
    return fail('speaks http, not https', `use http://${spellHost(url)}, or --plain-http for a registry`);
  }
  return fail(`the TLS handshake failed (${printable(code)})`);
}

/** Of a first record that isn't one Node hands on OpenSSL's words alone (ERR_reason_error_string(3)), in its message. */
function isNotTls({ message }: TlsReason): boolean {
  return /:(?:wrong version number|packet length too long|http request|unknown protocol|record layer failure):/.test(
    message,
  );
}

const AUTHORITY_HINT =
  'name the file of the certificate authority that issued it: --ca-file FILE (NODE_EXTRA_CA_CERTS for good)';

const NAMES_HINT = 'use a name that the certificate is for, or is this another server than you meant?';

function describeAuthority(code: string): string {
  return code === 'DEPTH_ZERO_SELF_SIGNED_CERT'
    ? 'its certificate is signed by itself, and not trusted here'
    : 'its certificate is from an authority that is not trusted here';
}

function describeNames({ cert }: TlsReason, url: URL): string {
  const names = (cert?.subjectaltname ?? '')
    .split(', ')
    .slice(0, 5)
    .map((name) => name.replace(/^(?:DNS|IP Address):/, ''));
  const whose = printable(names.join(', ').slice(0, 200)) || 'no host';
  return `its certificate is for ${whose}, not for ${printable(url.hostname)}`;
}

function hintOf(code: string): string | undefined {
  const isAboutTime = code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID';
  return isAboutTime ? `the server needs a new one, if this machine's clock is right` : undefined;
}
