import { generateKeyPairSync, type KeyObject, randomBytes, scryptSync } from 'node:crypto';
import nacl from 'tweetnacl';
import { PrivateKey } from '../src/keys/private-key.ts';

export const KEY_KINDS = ['P-256', 'P-384', 'P-521', 'RSA', 'Ed25519'] as const;

export interface TestKey {
  readonly publicPem: string;
  readonly privatePem: string;
  readonly privateKey: KeyObject;
}

export function makeKey(kind: (typeof KEY_KINDS)[number] = 'P-256'): TestKey {
  const { publicKey, privateKey } = makePair(kind);
  return {
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    privateKey,
  };
}

function makePair(kind: (typeof KEY_KINDS)[number]): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'RSA') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: kind });
}

export function signerOf({ privatePem }: TestKey): Promise<PrivateKey> {
  return PrivateKey.parse(privatePem, 'test.key', () => Promise.reject(new Error('not encrypted')));
}

/** The file that `cosign generate-key-pair` writes; N is lower than cosign's, to be quick. */
export function cosignFile(key: TestKey, passphrase: string, label = 'SIGSTORE', N = 1024): string {
  const salt = randomBytes(32);
  const nonce = randomBytes(24);
  const boxKey = scryptSync(passphrase, salt, 32, { N, r: 8, p: 1 });
  const der = key.privateKey.export({ type: 'pkcs8', format: 'der' });
  const ciphertext = nacl.secretbox(new Uint8Array(der), new Uint8Array(nonce), new Uint8Array(boxKey));
  const document = {
    kdf: { name: 'scrypt', params: { N, r: 8, p: 1 }, salt: salt.toString('base64') },
    cipher: { name: 'nacl/secretbox', nonce: nonce.toString('base64') },
    ciphertext: Buffer.from(ciphertext).toString('base64'),
  };
  const body = Buffer.from(JSON.stringify(document)).toString('base64').replace(/.{64}/g, '$&\n');
  return `-----BEGIN ENCRYPTED ${label} PRIVATE KEY-----\n${body}\n-----END ENCRYPTED ${label} PRIVATE KEY-----\n`;
}
