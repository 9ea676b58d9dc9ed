import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { EcliError, printable } from '@ecli/core';
import { decryptCosignKey, isCosignKey } from './cosign-key.ts';
import { PublicKey } from './public-key.ts';

/** Asked for once, and only where the key is encrypted. */
export type AskPassphrase = () => Promise<string>;

/** Signs as cosign does: by SHA-256 whatever the curve, which all versions of it take. */
export class PrivateKey {
  readonly publicKey: PublicKey;

  private constructor(
    private readonly key: KeyObject,
    name: string,
  ) {
    this.publicKey = PublicKey.of(createPublicKey(key), name);
  }

  /**
   * Reads a PEM file's text: PKCS #8 or SEC 1, plain or encrypted, or one that `cosign generate-key-pair` made.
   *
   * @throws SETTINGS_INVALID for what is no key, and for a passphrase that doesn't open it
   */
  static async parse(pem: string, name: string, askPassphrase: AskPassphrase): Promise<PrivateKey> {
    if (isCosignKey(pem)) {
      const der = await decryptCosignKey(pem, name, await askPassphrase());
      return new PrivateKey(read({ key: der, format: 'der', type: 'pkcs8' }, name), name);
    }
    const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1];
    if (!label?.endsWith('PRIVATE KEY')) throw notPrivate(label, name);
    const isEncrypted = label.startsWith('ENCRYPTED') || /^Proc-Type: 4,ENCRYPTED/m.test(pem);
    if (!isEncrypted) return new PrivateKey(read(pem, name), name);
    return new PrivateKey(read({ key: pem, passphrase: await askPassphrase() }, name, true), name);
  }

  sign(content: Uint8Array): Buffer {
    return sign(this.key.asymmetricKeyType === 'ed25519' ? undefined : 'sha256', content, this.key);
  }
}

type KeyInput = Parameters<typeof createPrivateKey>[0];

function read(input: KeyInput, name: string, isEncrypted = false): KeyObject {
  try {
    return createPrivateKey(input);
  } catch (cause) {
    const problem = isEncrypted
      ? 'the passphrase is wrong, or the file is damaged'
      : "a private key that can't be read";
    throw new EcliError('SETTINGS_INVALID', `${printable(name)}: ${problem}`, { cause });
  }
}

function notPrivate(label: string | undefined, name: string): EcliError {
  const what = label === undefined ? 'no PEM of a private key' : `${label.toLowerCase()}, no private key`;
  return new EcliError('SETTINGS_INVALID', `${printable(name)}: ${what}`, {
    hint: [
      'make one: cosign generate-key-pair, or',
      'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ecli.key',
      'openssl pkey -in ecli.key -pubout -out ecli.pub',
    ].join('\n'),
  });
}
