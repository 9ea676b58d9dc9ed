import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { EcliError, printable } from '@ecli/core';

/** Shorter moduli can be factored (NIST SP 800-131A). */
const LEAST_RSA_BITS = 2048;

/** How signatures are made by each kind of key: the hashes that are tried, and whether there is one at all. */
const HASHES: Readonly<Record<string, readonly (string | undefined)[]>> = {
  // cosign signs by SHA-256 with any curve; newer ones by the hash of the curve's size.
  prime256v1: ['sha256'],
  secp384r1: ['sha256', 'sha384'],
  secp521r1: ['sha256', 'sha512'],
  rsa: ['sha256'],
  ed25519: [undefined],
};

const KINDS: Readonly<Record<string, string>> = {
  prime256v1: 'ECDSA P-256',
  secp384r1: 'ECDSA P-384',
  secp521r1: 'ECDSA P-521',
  rsa: 'RSA',
  ed25519: 'Ed25519',
};

/** A key that tells whether its other half has signed something. */
export class PublicKey {
  /** Base64 of the SHA-256 of its DER, by which cosign hints at keys in bundles. */
  readonly hint: string;
  /** `ECDSA P-256` */
  readonly kind: string;
  private readonly hashes: readonly (string | undefined)[];

  private constructor(
    private readonly key: KeyObject,
    /** Where it came from, for people: a path. */
    readonly name: string,
  ) {
    const algorithm = algorithmOf(key);
    this.hint = createHash('sha256').update(this.der).digest('base64');
    this.kind = KINDS[algorithm] ?? algorithm;
    this.hashes = HASHES[algorithm] ?? [];
  }

  /** Reads PEM; a private key or a certificate is refused, for neither is meant to lie about. @throws SETTINGS_INVALID */
  static parse(pem: string, name: string): PublicKey {
    const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1];
    if (label !== 'PUBLIC KEY' && label !== 'RSA PUBLIC KEY') throw notPublic(label, name);
    try {
      return PublicKey.of(createPublicKey(pem), name);
    } catch (cause) {
      if (cause instanceof EcliError) throw cause;
      throw new EcliError('SETTINGS_INVALID', `${printable(name)}: a public key that can't be read`, {
        cause,
      });
    }
  }

  /** @throws SETTINGS_INVALID for a key of a kind that signatures of images aren't made by */
  static of(key: KeyObject, name: string): PublicKey {
    const bits = key.asymmetricKeyDetails?.modulusLength;
    if (bits !== undefined && bits < LEAST_RSA_BITS) {
      throw new EcliError('SETTINGS_INVALID', `${printable(name)}: an RSA key of ${bits} bits is too weak`);
    }
    const algorithm = algorithmOf(key);
    if (!(algorithm in HASHES)) {
      throw new EcliError('SETTINGS_INVALID', `${printable(name)}: a key of kind ${algorithm}`, {
        hint: `what keys may be: ${Object.values(KINDS).join(', ')}`,
      });
    }
    return new PublicKey(key, name);
  }

  get pem(): string {
    return this.key.export({ type: 'spki', format: 'pem' }).toString();
  }

  private get der(): Buffer {
    return this.key.export({ type: 'spki', format: 'der' });
  }

  verify(content: Uint8Array, signature: Uint8Array): boolean {
    return this.hashes.some((hash) => verify(hash, content, this.key, signature));
  }

  equals(other: PublicKey): boolean {
    return this.key.equals(other.key);
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): string {
  return asymmetricKeyDetails?.namedCurve ?? asymmetricKeyType ?? 'unknown';
}

function notPublic(label: string | undefined, name: string): EcliError {
  const what = label === undefined ? 'no PEM of a public key' : `${label.toLowerCase()}, no public key`;
  const isPrivate = label?.includes('PRIVATE') === true;
  return new EcliError('SETTINGS_INVALID', `${printable(name)}: ${what}`, {
    hint: isPrivate
      ? 'the public half is what verifies: cosign public-key --key KEY, or openssl pkey -in KEY -pubout'
      : 'a file of a public key begins with -----BEGIN PUBLIC KEY-----',
  });
}
