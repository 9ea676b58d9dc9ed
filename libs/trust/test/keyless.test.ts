import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { EcliError } from '@ecli/core';
import { cosignTag, type Descriptor, OciMediaType } from '@ecli/oci';
import {
  type IdentityDemand,
  type Requirement,
  requireKeys,
  type Verification,
  verifyImage,
} from '../src/index.ts';
import { Bundle } from '../src/signature/bundle.ts';
import { simplePayload, SimpleSigning } from '../src/signature/simple-signing.ts';
import { statement } from '../src/signature/statement.ts';
import { FakeSigstore, type TestCertificate, type TestIdentity } from './fake-sigstore.ts';
import { makeKey } from './keys.ts';
import { MemoryTarget } from './memory-target.ts';

const WORKFLOW = 'https://github.com/org/tool/.github/workflows/release.yml@refs/heads/main';
const ISSUER = 'https://token.actions.githubusercontent.com';
const SIGNER: TestIdentity = { issuer: ISSUER, subject: `URI:${WORKFLOW}` };

const folder = mkdtempSync(join(tmpdir(), 'ecli-keyless-'));
const sigstore = new FakeSigstore(join(folder, 'ours'));
const trustRoot = sigstore.trustRoot('trusted_root');
const certificate = sigstore.certificate(SIGNER);

let target: MemoryTarget;
let image: Descriptor;

beforeEach(() => {
  target = new MemoryTarget();
  image = target.addImage();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function addBundle(bundle: object): void {
  target.add(OciMediaType.manifest, {
    schemaVersion: 2,
    artifactType: Bundle.mediaType,
    config: target.add(OciMediaType.empty, {}),
    layers: [target.add(Bundle.mediaType, bundle)],
    subject: image,
  });
}

function addTagged(payload: Buffer, annotations: Record<string, string>): void {
  const layer = { ...target.add(SimpleSigning.mediaType, payload), annotations };
  const config = target.add(OciMediaType.imageConfig, {});
  const holder = target.add(OciMediaType.manifest, { schemaVersion: 2, config, layers: [layer] });
  target.tags.set(cosignTag(image.digest, 'sig'), holder);
}

function signInBundle(by: TestCertificate = certificate, at?: number, fake = sigstore): void {
  addBundle(fake.bundle(statement(image.digest, {}), by, at));
}

function signByTag(by: TestCertificate = certificate, at?: number, fake = sigstore): void {
  const payload = simplePayload(image.digest, 'ghcr.io/org/tool', {});
  addTagged(payload, fake.annotations(payload, by, at));
}

const LAYOUTS = [
  ['bundle', signInBundle],
  ['tag', signByTag],
] as const;

function by(demand: Partial<IdentityDemand> = {}): Requirement {
  const signer = { kind: 'identity', issuer: ISSUER, subject: WORKFLOW, trustRoot, ...demand } as const;
  return { clauses: [{ origin: 'the rule', type: 'signed', need: 'any', signers: [signer] }] };
}

function verify(requirement = by()): Promise<Verification> {
  return verifyImage(image, requirement, { target, name: 'ghcr.io/org/tool:v1' });
}

async function hintOf(requirement = by()): Promise<string> {
  const error: unknown = await verify(requirement).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ code: 'TRUST_REFUSED' });
  return (error as EcliError).hint ?? '';
}

describe.each(LAYOUTS)('a certificate in the layout of a %s', (layout, sign) => {
  test('counts where it is of the identity that is asked for', async () => {
    sign();
    const signer = { kind: 'identity', issuer: ISSUER, subject: WORKFLOW };
    expect((await verify()).signatures).toMatchObject([{ layout, signer }]);
    expect((await verify(by({ subject: /^(?:https:\/\/github\.com\/org\/.*)$/ }))).signatures).toHaveLength(
      1,
    );
  });

  test('of a mail address counts too', async () => {
    sign(sigstore.certificate({ issuer: 'https://accounts.example.com', subject: 'email:me@example.com' }));
    await verify(by({ issuer: 'https://accounts.example.com', subject: 'me@example.com' }));
  });

  test.each([
    ['another subject', { subject: 'https://github.com/org/other' }],
    ['a part of it', { subject: 'https://github.com/org/tool/' }],
    ['another issuer', { issuer: 'https://accounts.example.com' }],
    ['an issuer that it begins with', { issuer: 'https://token' }],
    ['an expression that another matches', { subject: /^(?:https:\/\/gitlab\.com\/.*)$/ }],
  ])('does not count where %s is asked for, and whose it is is said', async (_, demand) => {
    sign();
    expect(await hintOf(by(demand))).toContain(`by ${WORKFLOW} (${ISSUER})`);
  });

  test('of another authority does not count', async () => {
    const other = new FakeSigstore(join(folder, `other-${layout}`));
    sign(other.certificate(SIGNER));
    expect(await hintOf()).toContain("its certificate doesn't count: Failed to verify certificate chain");
  });

  test('that another log promises to have does not count', async () => {
    sign(certificate, undefined, new FakeSigstore(join(folder, `log-${layout}`)));
    expect(await hintOf()).toContain(
      "its certificate doesn't count: inclusion promise could not be verified",
    );
  });

  test('that was used after its time does not count', async () => {
    sign(certificate, Math.floor(Date.now() / 1000) + 10 * 24 * 3600);
    expect(await hintOf()).toContain("its certificate doesn't count");
  });

  test('does not count where a log of certificates is trusted, and has not seen it', async () => {
    sign();
    const strict = sigstore.trustRoot('ctlog', (root) => ({ ...root, ctlogs: [sigstore.log.document()] }));
    expect(await hintOf(by({ trustRoot: strict }))).toContain('expected 1 SCTs, got 0');
  });

  test('is no key, and a key is no certificate', async () => {
    sign();
    const key = join(folder, 'key.pub');
    writeFileSync(key, makeKey().publicPem);
    expect(await hintOf(requireKeys('--verify-key', [key]))).toContain(
      'made with a certificate, where a key is asked for',
    );
  });
});

describe('what is made with a certificate', () => {
  test('does not count for another image', async () => {
    const other = target.addImage('another program');
    addBundle(sigstore.bundle(statement(other.digest, {}), certificate));
    expect(await hintOf()).toContain(`of another image, ${other.digest} (it is a good one by ${WORKFLOW}`);
  });

  test('does not count without a log, which alone says when', async () => {
    const bundle = sigstore.bundle(statement(image.digest, {}), certificate) as {
      verificationMaterial: object;
    };
    addBundle({ ...bundle, verificationMaterial: { ...bundle.verificationMaterial, tlogEntries: [] } });
    const payload = simplePayload(image.digest, 'ghcr.io/org/tool', {});
    const { [SimpleSigning.logEntry]: _, ...annotations } = sigstore.annotations(payload, certificate);
    addTagged(payload, annotations);
    expect((await hintOf()).match(/expected 1 timestamps, got 0/g)).toHaveLength(2);
  });

  test('counts where a time stamp authority says when, for those who trust it alone', async () => {
    const timed = sigstore.timestampRoot('tsa');
    addBundle(sigstore.timestampedBundle(statement(image.digest, {}), certificate));
    expect((await verify(by({ trustRoot: timed }))).signatures).toHaveLength(1);
    expect(await hintOf()).toContain("its certificate doesn't count: timestamp could not be verified");
    const { tlogs } = JSON.parse(readFileSync(trustRoot, 'utf8')) as { tlogs: object[] };
    const both = join(folder, 'both.json');
    writeFileSync(both, JSON.stringify({ ...(JSON.parse(readFileSync(timed, 'utf8')) as object), tlogs }));
    expect(await hintOf(by({ trustRoot: both }))).toContain('expected 1 tlog entries, got 0');
  });

  test('does not count with any of its parts changed', async () => {
    const text = JSON.stringify(sigstore.bundle(statement(image.digest, {}), certificate));
    const unsigned = unsignedCharacters(text);
    const accepted: string[] = [];
    for (let index = 0; index < text.length; index += 5) {
      if (unsigned.some(([from, to]) => from <= index && index < to)) continue;
      // The last characters of base64 have bits that mean nothing.
      if (/^.?[="\\]/.test(text.slice(index, index + 2))) continue;
      target = new MemoryTarget();
      image = target.addImage();
      const changed = text[index] === 'A' ? 'B' : 'A';
      addBundle(Buffer.from(text.slice(0, index) + changed + text.slice(index + 1)));
      const where = `${text.slice(index - 20, index)}[${text[index]}]${text.slice(index + 1, index + 20)}`;
      await verify().then(
        () => accepted.push(where),
        () => undefined,
      );
    }
    expect(accepted).toEqual([]);
  }, 20_000);

  test('cannot slow the verification down by the name of its log', async () => {
    const text = JSON.stringify(sigstore.bundle(statement(image.digest, {}), certificate));
    const name = '^(((.+)+)+)+!';
    addBundle(Buffer.from(text.replace('\u2014 rekor.example.com', `\u2014 ${name}`)));
    expect(await hintOf()).toContain('a log of that name');
  });
});

/**
 * Where a bundle has what nobody signs and nobody relies on: the proof's copy of what its checkpoint says, and the
 * certificate's copy, outside of what the authority has signed, of the algorithm that it was signed by.
 */
function unsignedCharacters(text: string): readonly (readonly [from: number, to: number])[] {
  const certificateAt = text.indexOf('"rawBytes":"') + '"rawBytes":"'.length;
  const der = Buffer.from(text.slice(certificateAt, text.indexOf('"', certificateAt)), 'base64');
  // Two sequences, each with a length of two bytes, begin it; the inner one is what is signed.
  const end = 4 + 4 + der.readUInt16BE(4 + 2);
  const algorithm = 2 + der.readUInt8(end + 1);
  const characterOf = (byte: number): number => certificateAt + Math.floor(byte / 3) * 4;
  return [
    [characterOf(end), characterOf(end + algorithm) + 4],
    [text.indexOf('"rootHash"'), text.indexOf('"hashes"')],
  ];
}

describe('a trust root is refused', () => {
  test.each([
    ['{}', 'names no certificateAuthorities'],
    ['[]', 'names no certificateAuthorities'],
    ['{"certificateAuthorities":[{}]}', 'names neither tlogs nor timestampAuthorities'],
    ['{"certificateAuthorities":[{}],"tlogs":[{}]}', 'an authority or log in it has no certificate or key'],
    ['{"certificateAuthorities":[{"certChain":{"certificates":[{"rawBytes":5}]}}]}', 'not a trust root'],
    ['nothing', 'not JSON'],
  ])('where it is %s', async (text, problem) => {
    signInBundle();
    const path = join(folder, 'root.json');
    writeFileSync(path, text);
    await expect(verify(by({ trustRoot: path }))).rejects.toMatchObject({
      code: 'SETTINGS_INVALID',
      message: expect.stringContaining(`${path}: ${problem}`),
    });
  });

  test('where there is none', async () => {
    await expect(verify(by({ trustRoot: join(folder, 'gone.json') }))).rejects.toThrow(
      'gone.json: no such file',
    );
  });
});
