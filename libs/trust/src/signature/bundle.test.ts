import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { PrivateKey } from '../keys/private-key.ts';
import { makeBundle, parseBundle } from './bundle.ts';
import { statement } from './statement.ts';

const DIGEST = `sha256:${'0'.repeat(64)}`;

async function bundle(): Promise<Record<string, object>> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const key = await PrivateKey.parse(pem, 'key', () => Promise.reject(new Error('not encrypted')));
  return JSON.parse(makeBundle(statement(DIGEST, {}), key).toString()) as Record<string, object>;
}

const parse = (document: object): ReturnType<typeof parseBundle> =>
  parseBundle(Buffer.from(JSON.stringify(document)));

test('a bundle is read as it was made', async () => {
  expect(parse(await bundle()).claim.digests).toEqual([DIGEST]);
});

test('a bundle that signs two things is refused: others would take the signature of the other', async () => {
  const document = { ...(await bundle()), messageSignature: { signature: 'AA==' } };
  expect(() => parse(document)).toThrow('its bundle is wrong: an envelope and a message in one');
});

test('a bundle with certificates in two places is refused', async () => {
  const { verificationMaterial, ...others } = await bundle();
  const material = { ...verificationMaterial, x509CertificateChain: { certificates: [] } };
  expect(() => parse({ ...others, verificationMaterial: material })).toThrow(
    'verificationMaterial: neither publicKey nor certificate alone',
  );
});
