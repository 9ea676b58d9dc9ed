import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { EcliError, printable } from '@ecli/core';
import { JsonValue } from '../json-value.ts';

/** cosign's own file of an encrypted key; the second label is of cosign before 2.0. */
const FRAME =
  /-----BEGIN ENCRYPTED (?:SIGSTORE|COSIGN) PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END ENCRYPTED/;

/** scrypt takes 128 × N × r bytes; cosign writes N = 65536, r = 8: 64 MiB. */
const MOST_MEMORY = 512 * 1024 * 1024;

/** XSalsa20-Poly1305's. */
const KEY_BYTES = 32;
const NONCE_BYTES = 24;

const derive = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

export function isCosignKey(pem: string): boolean {
  return FRAME.test(pem);
}

/**
 * Opens a file that `cosign generate-key-pair` has written, and returns the DER (PKCS #8) of the key in it. The
 * format is that of https://github.com/secure-systems-lab/go-securesystemslib, `encrypted`: JSON in PEM, scrypt
 * and NaCl's secretbox.
 *
 * @throws SETTINGS_INVALID for a passphrase that doesn't open it
 */
export async function decryptCosignKey(pem: string, name: string, passphrase: string): Promise<Buffer> {
  const complain = (problem: string): EcliError =>
    new EcliError('SETTINGS_INVALID', `${printable(name)}: ${problem}`);
  const json = Buffer.from(FRAME.exec(pem)?.[1] ?? '', 'base64');
  const box = JsonValue.parse(json, complain);
  const key = await deriveKey(box.member('kdf'), passphrase);
  const cipher = box.member('cipher');
  cipher.member('name').word(['nacl/secretbox']);
  const nonce = cipher.member('nonce').bytes();
  if (nonce.length !== NONCE_BYTES) throw cipher.wrong(`a nonce of ${nonce.length} bytes`);
  const { default: nacl } = await import('tweetnacl');
  const opened = nacl.secretbox.open(box.member('ciphertext').bytes(), nonce, key);
  if (!opened) throw complain('the passphrase is wrong, or the file is damaged');
  return Buffer.from(opened);
}

async function deriveKey(kdf: JsonValue, passphrase: string): Promise<Uint8Array> {
  kdf.member('name').word(['scrypt']);
  const parameters = kdf.member('params');
  const number = (name: string): number => parameters.member(name).number();
  const [N, r, p] = [number('N'), number('r'), number('p')];
  if (!(N * r * p * 128 <= MOST_MEMORY)) throw parameters.wrong('more work than any cosign asks for');
  try {
    return new Uint8Array(
      await derive(passphrase, kdf.member('salt').bytes(), KEY_BYTES, { N, r, p, maxmem: MOST_MEMORY }),
    );
  } catch (error) {
    if (error instanceof EcliError) throw error;
    throw parameters.wrong('no parameters of scrypt');
  }
}
