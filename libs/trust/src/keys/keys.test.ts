import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { cosignFile, KEY_KINDS, makeKey, signerOf } from '../../test/keys.ts';
import { PrivateKey } from './private-key.ts';
import { PublicKey } from './public-key.ts';

const content = Buffer.from('what is signed');
const never = (): Promise<string> => Promise.reject(new Error('asked for a passphrase'));

describe.each(KEY_KINDS)('a key of kind %s', (kind) => {
  const pair = makeKey(kind);
  const publicKey = PublicKey.parse(pair.publicPem, 'ecli.pub');

  test('verifies what its other half has signed, and nothing else', async () => {
    const signature = (await signerOf(pair)).sign(content);
    expect(publicKey.verify(content, signature)).toBe(true);
    expect(publicKey.verify(Buffer.from('something else'), signature)).toBe(false);
    expect(PublicKey.parse(makeKey(kind).publicPem, 'other.pub').verify(content, signature)).toBe(false);
    expect(publicKey.verify(content, Buffer.alloc(0))).toBe(false);
  });

  test('refuses its signature with any bit of it changed', async () => {
    const signature = (await signerOf(pair)).sign(content);
    for (let bit = 0; bit < signature.length * 8; bit += 7) {
      const altered = Buffer.from(signature);
      altered.writeUInt8(altered.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(publicKey.verify(content, altered)).toBe(false);
    }
  });

  test('is read encrypted, in PKCS #8 and in the file of cosign, by its passphrase alone', async () => {
    const pem = pair.privateKey
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open' })
      .toString();
    for (const file of [pem, cosignFile(pair, 'open'), cosignFile(pair, 'open', 'COSIGN')]) {
      const key = await PrivateKey.parse(file, 'ecli.key', () => Promise.resolve('open'));
      expect(key.publicKey.equals(publicKey)).toBe(true);
      await expect(PrivateKey.parse(file, 'ecli.key', () => Promise.resolve('wrong'))).rejects.toMatchObject({
        code: 'SETTINGS_INVALID',
        message: 'ecli.key: the passphrase is wrong, or the file is damaged',
      });
    }
  });
});

describe('PublicKey', () => {
  test('takes the hash of the curve too', () => {
    const pair = makeKey('P-384');
    const key = PublicKey.parse(pair.publicPem, 'ecli.pub');
    expect(key.verify(content, sign('sha384', content, pair.privateKey))).toBe(true);
    expect(key.verify(content, sign('sha1', content, pair.privateKey))).toBe(false);
  });

  test.each([
    ['a private key', makeKey().privatePem, 'ecli.pub: private key, no public key'],
    ['nothing', '', 'ecli.pub: no PEM of a public key'],
    [
      'damage',
      '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
      "ecli.pub: a public key that can't be read",
    ],
    [
      'a short RSA key',
      generateKeyPairSync('rsa', {
        modulusLength: 1024,
        publicKeyEncoding: { type: 'spki', format: 'pem' },
        privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
      }).publicKey,
      'ecli.pub: an RSA key of 1024 bits is too weak',
    ],
    [
      'a key that signs nothing',
      generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      'ecli.pub: a key of kind x25519',
    ],
  ])('refuses %s', (_, pem, message) => {
    expect(() => PublicKey.parse(pem, 'ecli.pub')).toThrow(message);
  });
});

describe('PrivateKey', () => {
  test('is read as SEC 1 too, as openssl ecparam writes it', async () => {
    const pair = makeKey();
    const pem = createPrivateKey(pair.privatePem).export({ type: 'sec1', format: 'pem' }).toString();
    const key = await PrivateKey.parse(pem, 'ecli.key', never);
    expect(key.publicKey.pem).toBe(pair.publicPem);
  });

  test('that is none is refused, and how to make one is said', async () => {
    const { publicPem } = makeKey();
    await expect(PrivateKey.parse(publicPem, 'ecli.pub', never)).rejects.toMatchObject({
      message: 'ecli.pub: public key, no private key',
      hint: expect.stringContaining('openssl genpkey'),
    });
    await expect(PrivateKey.parse('', 'ecli.key', never)).rejects.toThrow('no PEM of a private key');
  });

  test('in a file of cosign that asks for too much memory is refused before any is taken', async () => {
    const file = cosignFile(makeKey(), 'open').replace(/\n(?=.)/g, '\n');
    const body = file.split('\n').slice(1, -2).join('');
    const document = JSON.parse(Buffer.from(body, 'base64').toString()) as { kdf: { params: { N: number } } };
    document.kdf.params.N = 2 ** 30;
    const huge = `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n${Buffer.from(JSON.stringify(document)).toString('base64')}\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----`;
    await expect(PrivateKey.parse(huge, 'ecli.key', () => Promise.resolve(''))).rejects.toThrow(
      'ecli.key: kdf.params: more work than any cosign asks for',
    );
  });
});
